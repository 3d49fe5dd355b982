/** Bytes of a line that are looked at; what follows is one variable. Loki leaves out lines of more than 3000. */
export const patternLineBytesMax = 4096;
/** Words and variables of a line that are looked at; what follows is one variable. Loki leaves out lines of more than 80 tokens. */
export const patternTokensMax = 256;
/** A longer run of letters and digits is a variable: no word is that long. */
export const patternWordBytesMax = 64;
/**
 * Different words that may stand in a place, after the same words before it, until the place becomes a variable: many where a line begins, which tells lines apart, and fewer further on. The last number is that of all
 * later places.
 */
export const patternWordsMax: readonly number[] = [...Array.from({ length: 8 }, () => 24), ...Array.from({ length: 4 }, () => 12), ...Array.from({ length: 8 }, () => 6), 3];
/** A word with digits in it, such as `node3`, counts for so many: as a rule it is the name of a thing. */
export const patternNumberedWeight = 6;
/** Clusters that one worker keeps; beyond that the rarest half goes. */
export const patternClustersMax = 8192;
/** Bytes of their texts. */
export const patternBytesMax = 16 * 2 ** 20;
/** Their counts: pairs of cluster and step. */
export const patternCellsMax = 2 ** 20;
/** Patterns with fewer lines are not answered, as in Loki. */
export const patternLinesMin = 30;
/** Patterns of an answer, as in Loki. */
export const patternsMax = 300;
/** Finest step, as in Loki: 10 s. */
export const patternStepNsMin = 10_000_000_000n;
