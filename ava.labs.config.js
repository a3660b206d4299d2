// Tests on real labs: one file at a time, because a lab's time runs faster than the machine's and wants it for itself.
export default {
  files: ["test/labs/**/*.test.ts"],
  extensions: ["ts"],
  concurrency: 1,
  timeout: "10m",
};
