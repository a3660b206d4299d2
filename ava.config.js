// Tests stand beside the code they test; Node strips the types itself. Those of real labs are in ava.labs.config.js.
export default {
  files: [
    "src/**/*.test.ts",
    "sim/**/*.test.ts",
    "lab/**/*.test.ts",
    "test/**/*.test.ts",
    "!test/labs/**",
  ],
  extensions: ["ts"],
  timeout: "5m",
};
