/**
 * Files without a test of their own name, and the test that covers each: their work shows only together with others. The list only ever gets shorter;
 * test/tidy.test.ts holds that each entry is true.
 */
export const covered: ReadonlyMap<string, string> = new Map([
]);
