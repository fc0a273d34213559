import { Type } from 'typebox';

/** A field of a form. Forms arrive as people typed them: what they must be is checked by use cases, and said at the field. */
export const FormField = (maxLength: number) => Type.String({ default: '', maxLength });
