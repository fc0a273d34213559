import { Type } from 'typebox';
import { loginHostChoices, type LoginHostChoice } from '../../src/use-cases/begin-authorization.ts';
import { FormField } from './forms.ts';

/** Where to sign in at Salesforce: the fields of every form that leads there. */
export const loginHostFields = {
  choice: Type.Union(
    loginHostChoices.map((choice) => Type.Literal(choice)),
    { default: 'production' },
  ),
  myDomain: FormField(),
};

export interface LoginHostFields {
  readonly choice: LoginHostChoice;
  readonly myDomain: string;
}
