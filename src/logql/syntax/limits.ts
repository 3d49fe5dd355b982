/** Bytes of a query; Loki's number. */
export const queryBytesMax = 131_072;
/** Parentheses inside one another. */
export const nestingMax = 200;
/** Operators in one chain (`a + b + c …`, `x="a" or y="b" …`), which bounds the depth of the tree. */
export const operatorsMax = 1000;
/** Stages of one query, line filters not counted: each may walk over the line. */
export const stagesMax = 1000;
