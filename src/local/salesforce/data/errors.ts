/** An answer in Salesforce's own form: `[{ message, errorCode, fields? }]` with its status. */
export class SalesforceError extends Error {
  readonly status: number;
  readonly errorCode: string;
  readonly fields: readonly string[] | undefined;

  constructor(status: number, errorCode: string, message: string, fields?: readonly string[]) {
    super(message);
    this.name = 'SalesforceError';
    this.status = status;
    this.errorCode = errorCode;
    this.fields = fields;
  }

  /** One element of the error array. */
  toBody(): { message: string; errorCode: string; fields?: readonly string[] } {
    return {
      message: this.message,
      errorCode: this.errorCode,
      ...(this.fields === undefined ? {} : { fields: this.fields }),
    };
  }
}

/** 300: an external id is not unique, and the answer lists the records' URLs. */
export class SeveralMatches extends SalesforceError {
  readonly urls: readonly string[];

  constructor(urls: readonly string[]) {
    super(300, 'MULTIPLE_CHOICES', 'The external ID matches several records.');
    this.urls = urls;
  }
}

export const notFound = (message = 'The requested resource does not exist'): SalesforceError =>
  new SalesforceError(404, 'NOT_FOUND', message);

export const jsonError = (message: string): SalesforceError => new SalesforceError(400, 'JSON_PARSER_ERROR', message);
