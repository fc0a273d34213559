import { XMLParser } from 'fast-xml-parser';

/** A call that reaches a phone system from outside. */
interface IncomingCall {
  readonly from: string;
  readonly to: string;
}

/** What an HTTP client of a phone system was told; status 0 and no body when there was no answer. */
interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

async function get(url: string): Promise<HttpAnswer> {
  try {
    const response = await fetch(url);
    return { status: response.status, body: await response.text() };
  } catch {
    return { status: 0, body: '' };
  }
}

/**
 * Runs an Asterisk dialplan of one context for a call, as the documentation of what it uses says, and tells the application that ends it:
 * `Dial(PJSIP/201,30)`. Throws at what it does not know.
 */
export async function runAsterisk(extensionsConf: string, { from, to }: IncomingCall): Promise<string> {
  const steps = extensionsConf.split('\n').flatMap((line) => {
    const [, label, application, data] =
      /^(?:exten => [^,]+,1| same => n(?:\((\w+)\))?),(\w+)\((.*)\)$/.exec(line) ?? [];
    if (application === undefined) {
      if (line !== '' && !line.startsWith('[')) throw new Error(`not a line of a dialplan: ${line}`);
      return [];
    }
    return [{ label, application, data: data ?? '' }];
  });
  const variables = new Map([['EXTEN', to]]);
  const functions: Readonly<Record<string, (argument: string) => string | Promise<string>>> = {
    CALLERID: () => from,
    URIENCODE: (text) => encodeURIComponent(text),
    // The status is not looked at; blanks at the end are cut off.
    CURL: async (url) => (await get(url)).body.trimEnd(),
    REGEX: (argument) => {
      const [, pattern = '', text = ''] = /^"([^"]*)"[ \t]?(.*)$/s.exec(argument) ?? [];
      return new RegExp(pattern).test(text) ? '1' : '0';
    },
  };

  for (let at = 0; ; at++) {
    const step = steps[at];
    if (!step) throw new Error('the dialplan ends without a word');
    const data = await expand(step.data);
    switch (step.application) {
      case 'NoOp':
        break;
      case 'Set': {
        const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(data) ?? [];
        variables.set(name, value);
        break;
      }
      case 'GotoIf': {
        const [, condition = '', yes = '', no = ''] = /^([^?]*)\?([^:]*)(?::(.*))?$/s.exec(data) ?? [];
        const label = condition === '' || condition === '0' ? no : yes;
        if (label !== '') at = steps.findIndex((each) => each.label === label) - 1;
        break;
      }
      case 'Dial':
      case 'Goto':
        return `${step.application}(${data})`;
      default:
        throw new Error(`not known: ${step.application}`);
    }
  }

  /** Innermost first; what a variable or function gave is not read again. */
  async function expand(text: string): Promise<string> {
    const start = text.indexOf('${');
    if (start < 0) return text;
    let end = start + 2;
    for (let depth = 1; ; end++) {
      if (text.startsWith('${', end)) depth++;
      else if (text[end] === '}' && --depth === 0) break;
      else if (end >= text.length) throw new Error(`not closed: ${text}`);
    }
    const inner = await expand(text.slice(start + 2, end));
    const [, name = '', argument = ''] = /^(\w+)\((.*)\)$/s.exec(inner) ?? [];
    const value = name === '' ? (variables.get(inner) ?? '') : await functions[name]?.(argument);
    if (value === undefined) throw new Error(`not known: ${name}`);
    return text.slice(0, start) + value + (await expand(text.slice(end + 1)));
  }
}

interface Condition {
  readonly field: string;
  readonly expression: string;
  readonly action?: Action | readonly Action[];
}
interface Action {
  readonly application: string;
  readonly data: string;
}

/**
 * Runs a FreeSWITCH dialplan of the context `public` for a call, and tells the application that ends it, `bridge user/201@example`; nothing
 * where no extension is for the call. The first extension whose conditions all hold is taken, its conditions before its actions.
 */
export async function runFreeswitch(dialplan: string, { from, to }: IncomingCall): Promise<string | undefined> {
  const { include } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(dialplan) as {
    include: { extension: { condition: Condition | readonly Condition[] }[] };
  };
  const variables = new Map([
    ['caller_id_number', from],
    ['destination_number', to],
    ['domain_name', 'example'],
  ]);
  const expand = (text: string) =>
    text
      .replace(/\$\{url_encode\(\$\{(\w+)\}\)\}/g, (_, name: string) => encodeURIComponent(variables.get(name) ?? ''))
      .replace(/\$\{(\w+)\}/g, (_, name: string) => variables.get(name) ?? '');

  for (;;) {
    const actions = actionsNow();
    if (!actions) return undefined;
    const end = await perform(actions);
    if (end !== 'transferred') return end;
  }

  function actionsNow(): readonly Action[] | undefined {
    for (const { condition } of include.extension) {
      const held = [condition].flat().map(({ field, expression, action = [] }) => {
        const match = new RegExp(expression).exec(field.startsWith('$') ? expand(field) : (variables.get(field) ?? ''));
        const withCaptures = (text: string) =>
          text.replace(/\$(\d)/g, (_, group: string) => match?.[Number(group)] ?? '');
        return match && [action].flat().map((each) => ({ ...each, data: withCaptures(each.data) }));
      });
      if (held.every((each) => each !== null)) return held.flat();
    }
    return undefined;
  }

  async function perform(actions: readonly Action[]): Promise<string> {
    for (const { application, data } of actions) {
      const said = expand(data);
      switch (application) {
        case 'set': {
          const [name = '', value = ''] = said.split('=', 2);
          variables.set(name, value);
          break;
        }
        case 'curl': {
          const { status, body } = await get(said);
          variables.set('curl_response_code', String(status));
          variables.set('curl_response_data', body);
          break;
        }
        case 'transfer': {
          const [destination = '', , context] = said.split(' ');
          variables.set('destination_number', destination);
          if (context !== 'public') return `transfer ${said}`;
          return 'transferred';
        }
        case 'bridge':
          return `bridge ${said}`;
        default:
          throw new Error(`not known: ${application}`);
      }
    }
    throw new Error('the dialplan ends without a word');
  }
}
