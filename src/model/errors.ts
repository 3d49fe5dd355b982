/**
 * The one error table of spoor: every failure that a user or another process can see has a code here, and nowhere else a status.
 * `message` is a template: `{name}` is replaced by the detail of that name. Where Loki has the same failure the wording is Loki's,
 * because Grafana, logcli and people's scripts match on it. `docs/errors.md` documents each code; a test compares the two both ways.
 * Codes are never reused for another meaning.
 */
export const errorCodes = {
  // Requests in general.
  bad_request: { status: 400, retryable: false, message: '{reason}' },
  not_found: { status: 404, retryable: false, message: '404 page not found' },
  method_not_allowed: { status: 405, retryable: false, message: '405 method not allowed' },
  no_org_id: { status: 401, retryable: false, message: 'no org id' },
  bad_org_id: { status: 400, retryable: false, message: "tenant ID '{tenant}' {reason}" },
  internal: { status: 500, retryable: true, message: 'internal error: {reason}' },
  not_implemented: { status: 501, retryable: false, message: '{what} is not implemented' },
  body_too_large: { status: 413, retryable: false, message: 'request body too large: over the limit of {limit} bytes ({name})' },
  shutting_down: { status: 503, retryable: true, message: 'spoor is shutting down and takes no more pushes; retry' },

  // Data on disk and in object storage.
  corruption: { status: 500, retryable: false, message: 'damaged data in {where} at offset {offset}: {reason}' },
  object_not_found: { status: 500, retryable: false, message: 'object {key} does not exist' },
  object_store: { status: 503, retryable: true, message: 'object store: {operation} of {key} failed: {reason}' },
  journal_full: { status: 503, retryable: true, message: 'the journal is full ({bytes} bytes of at most {limit}, journal.max_bytes); retry after the object store takes data again' },
  journal_closed: { status: 503, retryable: true, message: 'the journal is closed' },
  journal_write: { status: 503, retryable: true, message: 'the journal could not be written: {reason}' },
  lease_lost: { status: 503, retryable: true, message: 'partition {partition} is owned by someone else now' },
  data_dir_in_use: { status: 500, retryable: false, message: 'data directory {path} is in use by another process; stop it or choose another --data-dir' },
  bad_config: { status: 500, retryable: false, message: '{where}: {reason}' },
} as const satisfies Record<string, ErrorSpec>;

/** One row of the error table. */
export interface ErrorSpec {
  /** HTTP status that the failure answers with. */
  readonly status: number;
  /** True where the same request may succeed later. */
  readonly retryable: boolean;
  /** Text with `{detail}` placeholders. */
  readonly message: string;
}

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** Values for the placeholders of an error's message. */
export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean>>;

/** A failure with a code of the error table. `message` is the filled-in template. */
export class SpoorError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { readonly cause?: unknown } = {}) {
    super(fillIn(errorCodes[code].message, details), options);
    this.name = 'SpoorError';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}

function fillIn(template: string, details: ErrorDetails): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(details, name) ? String(details[name]) : whole));
}

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a SpoorError, of the given code if one is given. */
export function isSpoorError(error: unknown, code?: ErrorCode): error is SpoorError {
  return error instanceof SpoorError && (code === undefined || error.code === code);
}
