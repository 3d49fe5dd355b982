/** Labels that say how parsing went: no fields. */
export const errorLabels: ReadonlySet<string> = new Set(['__error__', '__error_details__', '__preserve_error__']);
