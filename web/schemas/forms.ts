import { Type } from 'typebox';

/** PostgreSQL stores no NUL, and no keyboard has one. */
export const withoutNul = '^[^\\u0000]*$';

/**
 * A field of a form. Forms arrive as people typed them: what they must be, and how long, is checked by use cases and said at the
 * field. The form as a whole has a limit.
 */
export const FormField = () => Type.String({ default: '', pattern: withoutNul });

/** A part of a query. */
export const QueryField = (maxLength: number) => Type.String({ default: '', maxLength, pattern: withoutNul });
