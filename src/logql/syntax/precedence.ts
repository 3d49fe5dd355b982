/** An operator and the operand behind it. */
export interface ChainLink<Op, Node> {
  readonly op: Op;
  readonly right: Node;
}

/**
 * Puts a chain `a op b op c …` into a tree as yacc does: of two operators the one with the higher level binds first, of equal ones the left
 * one (the right one where `rightAssociative`). An operator without a level (null) never ends what stands before it: it takes in all that follows.
 */
export function foldChain<Op, Node>(
  first: Node,
  links: readonly ChainLink<Op, Node>[],
  level: (op: Op) => number | null,
  rightAssociative: (op: Op) => boolean,
  join: (left: Node, op: Op, right: Node) => Node,
): Node {
  const operands: Node[] = [first];
  const operators: Op[] = [];
  const reduce = (): void => {
    const right = operands.pop() as Node;
    const left = operands.pop() as Node;
    operands.push(join(left, operators.pop() as Op, right));
  };
  for (const { op, right } of links) {
    const next = level(op);
    while (operators.length > 0) {
      const top = operators[operators.length - 1] as Op;
      const before = level(top);
      if (before === null || next === null || before < next || (before === next && rightAssociative(op))) break;
      reduce();
    }
    operators.push(op);
    operands.push(right);
  }
  while (operators.length > 0) reduce();
  return operands[0] as Node;
}
