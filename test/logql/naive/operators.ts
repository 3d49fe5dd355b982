import type { BinaryOp } from '../../../src/logql/syntax/ast.ts';

export function isComparison(op: BinaryOp): boolean {
  return ['==', '!=', '>', '>=', '<', '<='].includes(op);
}

/** Division by zero is NaN. */
export function applyOperator(op: BinaryOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? Number.NaN : a / b;
    case '%':
      return b === 0 ? Number.NaN : a % b;
    case '^':
      return a ** b;
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '>':
      return Number(a > b);
    case '>=':
      return Number(a >= b);
    case '<':
      return Number(a < b);
    case '<=':
      return Number(a <= b);
    case 'and':
    case 'or':
    case 'unless':
      throw new Error(`${op} is no operator on numbers`);
  }
}
