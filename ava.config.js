// Tests stand beside the code they test; Node strips the types itself.
export default {
  files: ["src/**/*.test.ts", "sim/**/*.test.ts", "lab/**/*.test.ts", "test/**/*.test.ts"],
  extensions: ["ts"],
  timeout: "5m",
};
