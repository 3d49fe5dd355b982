/** A failure that the user is told in one line on stderr; the command then ends with exit code 1, or with its own. */
export class Failure extends Error {
  /** HTTP status where a server refused; 0 where none answered. */
  readonly status: number;
  /** What the command ends with. */
  readonly exitCode: number;

  constructor(message: string, status = 0, options: { readonly cause?: unknown; readonly exitCode?: number } = {}) {
    super(message, options);
    this.name = 'Failure';
    this.status = status;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The reader of our output went away (`spoor query … | head`): end quietly. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** The text of whatever was thrown; of a system error that has none, its code. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return error.message === '' ? (code ?? error.name) : error.message;
}
