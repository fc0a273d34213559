import examples from 'libphonenumber-js/mobile/examples';
import type { DialingRules } from '../../../src/domain/dialing-rules.ts';

/**
 * One meeting of a caller's number and a stored text. `hit`: the caller's own number; `main`: the main number of the caller's company;
 * `miss`: somebody else's, or nobody's.
 */
export interface MatchingRow {
  /** Where the phone system stands. */
  readonly country: string;
  /** The caller's number as it arrives. */
  readonly arrives: string;
  /** The number called, which is no substitute for the caller's. */
  readonly called?: string;
  readonly how: string;
  readonly stored: string;
  readonly notation: string;
  readonly expected: 'hit' | 'main' | 'miss';
  readonly rules?: Partial<DialingRules>;
}

/** Country, country code, trunk prefix, international prefix: by hand, so that the table does not repeat what it tests. */
const plans = `
  AR 54 0 00 · AT 43 0 00 · AU 61 0 0011 · BE 32 0 00 · BG 359 0 00 · BR 55 0 0015 · CA 1 1 011 · CH 41 0 00 · CL 56 - 00 · CN 86 0 00 ·
  CO 57 0 005 · CZ 420 - 00 · DE 49 0 00 · DK 45 - 00 · EE 372 - 00 · EG 20 0 00 · ES 34 - 00 · FI 358 0 00 · FR 33 0 00 · GB 44 0 00 ·
  GR 30 - 00 · HK 852 - 001 · HR 385 0 00 · HU 36 06 00 · IE 353 0 00 · IL 972 0 00 · IN 91 0 00 · IS 354 - 00 · IT 39 - 00 · JP 81 0 010 ·
  KR 82 0 001 · LT 370 0 00 · LU 352 - 00 · LV 371 - 00 · MX 52 - 00 · MY 60 0 00 · NL 31 0 00 · NO 47 - 00 · NZ 64 0 00 · PL 48 - 00 ·
  PT 351 - 00 · RO 40 0 00 · RS 381 0 00 · RU 7 8 810 · SE 46 0 00 · SG 65 - 001 · SI 386 0 00 · SK 421 0 00 · TR 90 0 00 · UA 380 0 00 ·
  US 1 1 011 · ZA 27 0 00`
  .split('·')
  .map((plan) => {
    const [country = '', code = '', trunk = '', international = ''] = plan.trim().split(/\s+/);
    return { country, code, trunk: trunk === '-' ? '' : trunk, international };
  });

interface Example {
  readonly country: string;
  readonly code: string;
  readonly trunk: string;
  readonly international: string;
  readonly national: string;
}

/** Fixed lines of real numbering plans, beside libphonenumber's mobile examples. */
const fixedLines: Readonly<Record<string, readonly string[]>> = {
  AT: ['15121234'],
  AU: ['299999999'],
  BE: ['25123456'],
  CH: ['442345678'],
  DE: ['752543312', '3023125000', '89999981234', '734273833'],
  FR: ['142345678'],
  GB: ['2089481345', '1614960123'],
  HU: ['11234567'],
  IT: ['0612345678', '0236618300'],
  JP: ['312345678'],
  NL: ['201234567'],
  PL: ['221234567'],
  SE: ['8465004'],
  SK: ['212345678'],
  US: ['4155550100', '6462573801', '3175550125'],
};

const numbers: readonly Example[] = plans.flatMap((plan) =>
  [examples[plan.country as keyof typeof examples], ...(fixedLines[plan.country] ?? [])].map((national) => ({
    ...plan,
    national,
  })),
);

const isNorthAmerican = ({ code }: Example): boolean => code === '1';

/** `national` cut like people do: area or network code, then the rest in groups of two to four. */
function groups(national: string): readonly [area: string, ...rest: string[]] {
  const area = national.length >= 9 ? 3 : 2;
  const rest = national.slice(area);
  const half = Math.floor(rest.length / 2);
  return [national.slice(0, area), rest.slice(0, half), rest.slice(half)];
}

/** How the caller's number comes from the network. */
function arrivals(example: Example): readonly (readonly [how: string, text: string])[] {
  const { code, trunk, international, national } = example;
  const e164 = `+${code}${national}`;
  return [
    ['E.164', e164],
    ['international prefix', `${international}${code}${national}`],
    ['as dialled at home', `${trunk}${national}`],
    ['E.164 without plus', `${code}${national}`],
    ['plus turned into a space', ` ${code}${national}`],
    ['SIP URI', `sip:${e164}@provider.example;user=phone`],
    ['tel URI', `tel:${e164};ext=12`],
    ['SIP URI, national', `<sip:${trunk}${national}@10.0.0.1:5060>`],
  ];
}

/** How people type the number. */
function notations(example: Example): readonly (readonly [notation: string, text: string])[] {
  const { code, trunk, national } = example;
  const [area, ...rest] = groups(national);
  const spaced = rest.join(' ');
  const usual: readonly (readonly [string, string])[] = [
    ['E.164', `+${code}${national}`],
    ['international, one gap', `+${code} ${national}`],
    ['international, spaces', `+${code} ${area} ${spaced}`],
    ['international, 00', `00${code}${national}`],
    ['international, 00 and spaces', `00${code} ${area} ${spaced}`],
    ['international, dots', `+${code}.${area}.${rest.join('.')}`],
    ['international, hyphens', `+${code}-${area}-${rest.join('-')}`],
    ['international, area in parentheses', `+${code} (${area}) ${spaced}`],
    ['no prefix at all', national],
    ['country code without plus', `${code}${national}`],
    ['with an extension', `+${code} ${area} ${spaced} x12`],
    ['with an extension in words', `+${code} ${area} ${spaced} ext. 7`],
    ['with a label', `Tel. +${code} ${area} ${spaced}`],
  ];
  const atHome: readonly (readonly [string, string])[] = [
    ['national', `${trunk}${national}`],
    ['national, spaces', `${trunk}${area} ${spaced}`],
    ['national, slash', `${trunk}${area}/${rest.join('')}`],
    ['national, slash and spaces', `${trunk}${area} / ${spaced}`],
    ['national, hyphens', `${trunk}${area}-${rest.join('-')}`],
    ['national, dots', `${trunk}${area}.${rest.join('.')}`],
    ['national, parentheses', `(${trunk}${area}) ${spaced}`],
  ];
  if (isNorthAmerican(example)) {
    const [exchange, line] = [national.slice(3, 6), national.slice(6)];
    return [
      ...usual,
      ['(415) 555-0100', `(${area}) ${exchange}-${line}`],
      ['415-555-0100', `${area}-${exchange}-${line}`],
      ['415.555.0100', `${area}.${exchange}.${line}`],
      ['+1 415.555.0100', `+1 ${area}.${exchange}.${line}`],
      ['+1 (415) 555-0100', `+1 (${area}) ${exchange}-${line}`],
      ['1-415-555-0100', `1-${area}-${exchange}-${line}`],
      ['(415) 555-0100 x123', `(${area}) ${exchange}-${line} x123`],
      ['415 555 0100', `${area} ${exchange} ${line}`],
    ];
  }
  const withTrunk: readonly (readonly [string, string])[] =
    trunk === '' || trunk === '8'
      ? []
      : [
          ['trunk in parentheses', `+${code} (${trunk})${area} ${spaced}`],
          ['trunk in parentheses, no gaps', `+${code}(${trunk})${national}`],
          ['trunk in parentheses after 00', `00${code}(${trunk})${national}`],
          ['a trunk prefix that should not be there', `00${code}${trunk}${national}`],
          ['plus and a trunk prefix', `+${code} ${trunk}${area} ${spaced}`],
        ];
  return [...usual, ...atHome, ...withTrunk, ['main number with -0', `${trunk}${area} ${rest.join('')}-0`]];
}

/** Numbers of other people, spelled in several ways. */
function strangers(example: Example): readonly (readonly [notation: string, text: string])[] {
  const { code, trunk, national } = example;
  const turn = (position: number) => {
    const digit = (Number(national.charAt(position)) + 1) % 10;
    return national.slice(0, position) + String(digit) + national.slice(position + 1);
  };
  const neighbour = turn(national.length - 1);
  const area = turn(1);
  const [neighbourArea, ...neighbourRest] = groups(neighbour);
  return [
    ['last digit differs, E.164', `+${code}${neighbour}`],
    ['last digit differs, national', `${trunk}${neighbour}`],
    ['last digit differs, spaces', `+${code} ${neighbourArea} ${neighbourRest.join(' ')}`],
    ['last digit differs, extension', `${trunk}${neighbourArea} ${neighbourRest.join(' ')} x12`],
    ['another area, E.164', `+${code}${area}`],
    ['another area, national', `${trunk}${area}`],
    ['another country', `+${code === '49' ? '43' : '49'}${national}`],
    ['one digit more', `+${code}${national}1`],
    ['one digit less at the front', `+${code}${national.slice(1)}`],
    ['two numbers, neither the caller’s', `+${code}${neighbour}, +${code}${area}`],
    ['digits in a sentence', `see ${national.slice(0, 4)} or ${national.slice(4)}`],
  ];
}

/** Main numbers of companies whose direct-dial number calls. */
function mains(example: Example): readonly (readonly [notation: string, text: string])[] {
  const { code, trunk, national } = example;
  // The number 3023 12500-0 is its company's main number itself.
  if (isNorthAmerican(example) || national.length < 9 || national.endsWith('0')) return [];
  const [area, ...rest] = groups(national);
  const subscriber = rest.join('');
  return [
    ['main number, one digit cut', `${trunk}${area} ${subscriber.slice(0, -1)}-0`],
    ['main number, two digits cut', `+${code} ${area} ${subscriber.slice(0, -2)}-0`],
    ['main number, three digits cut, without 0', `${trunk}${area}/${subscriber.slice(0, -3)}`],
  ];
}

/** From the notations that the manual of the service and its sister products name. */
const written: readonly MatchingRow[] = [
  ...(
    [
      ['00734273830', 'outside prefix 0'],
      ['#10734273830', 'outside prefix #1'],
      ['#00734273830', 'outside prefix #0'],
      ['0734273830', 'no outside prefix, trunk prefix kept'],
      ['00049734273830', 'outside prefix before an international one'],
      ['0+49734273830', 'outside prefix before a plus'],
    ] as const
  ).flatMap(([arrives, how]) =>
    (
      [
        ['0734273830', 'hit'],
        ['+49 734 273830', 'hit'],
        ['0049734273830', 'hit'],
        ['0734273831', 'miss'],
        ['+49 7342 73830', 'hit'],
        ['00734273830', 'miss'],
      ] as const
    ).map(([stored, expected]) => ({
      country: 'DE',
      arrives,
      how,
      stored,
      notation: 'as the manual has it',
      expected,
      rules: { outsidePrefixes: '0;#1;#0' },
    })),
  ),
  ...rows('DE', '734273830', 'trunk zero dropped by the phone system', { addPrefix: '0' }, [
    ['0734273830', 'hit'],
    ['+49 734 273830', 'hit'],
    ['734273831', 'miss'],
  ]),
  ...rows('DE', '000497525433', 'outside line that no rule names', {}, [
    ['07525 433', 'hit'],
    ['07525 434', 'miss'],
  ]),
  ...rows('US', '94155550100', 'outside prefix 9', { outsidePrefixes: '9' }, [
    ['(415) 555-0100', 'hit'],
    ['(415) 555-0101', 'miss'],
  ]),
  ...rows('US', '901149752543312', 'outside prefix 9 before 011', { outsidePrefixes: '9' }, [
    ['+49 7525 43312', 'hit'],
    ['011 49 7525 43312', 'hit'],
    ['07525 43313', 'miss'],
  ]),
  ...rows('US', '5550100', 'local number, area code in the rules', { areaCode: '415' }, [
    ['(415) 555-0100', 'hit'],
    ['(646) 555-0100', 'miss'],
  ]),
  ...rows('DE', '+49752543312', 'direct-dial number', {}, [
    ['07525 433-0', 'main'],
    ['+49 7525 4331-0', 'main'],
    ['07525 4331', 'main'],
    ['07525/433', 'main'],
    ['07525/43-0', 'main'],
    ['07525 434-0', 'miss'],
    ['07525 4332-0', 'miss'],
    ['07525 4-0', 'miss'],
    ['07525 43310', 'miss'],
    ['07525 43313', 'miss'],
    ['07525', 'miss'],
  ]),
  ...rows('DE', '0044734273833', 'direct-dial number from abroad', {}, [
    ['0044734273-0', 'main'],
    ['0044734274-0', 'miss'],
  ]),
  ...rows('DE', '+49752543312', 'direct-dial number, cutting switched off', { ddiDigits: 0 }, [
    ['07525 433-0', 'miss'],
    ['07525 4331', 'miss'],
    ['07525 43312-0', 'hit'],
  ]),
  ...rows('US', '+14155550100', 'North America has no direct-dial cutting', { ddiDigits: 3 }, [
    ['(415) 555-010', 'miss'],
    ['+1415555010', 'miss'],
  ]),
  ...rows('IT', '+390612345678', 'Italian zero', {}, [
    ['06 12345678', 'hit'],
    ['+39 06 12345678', 'hit'],
    ['0039 06 1234 5678', 'hit'],
    ['+39 6 12345678', 'miss'],
    ['+39 (06) 12345678', 'hit'],
  ]),
  ...rows('IT', '0612345678', 'Italian zero, dialled at home', {}, [
    ['+39 06 12345678', 'hit'],
    ['+39 6 12345678', 'miss'],
  ]),
  ...rows('DK', '32123456', 'no trunk prefix', {}, [
    ['+45 32 12 34 56', 'hit'],
    ['32123456', 'hit'],
    ['032123456', 'miss'],
  ]),
  ...rows('GB', '+442089481345', 'malformed notations of the sister product', {}, [
    ['02089481345', 'hit'],
    ['+44(0)2089481345', 'hit'],
    ['0044(0)2089481345', 'hit'],
    ['004402089481345', 'hit'],
    ['004402089481346', 'miss'],
    ['02089481345 or 07400 123456', 'hit'],
    ['02089481345; 07400 123456', 'hit'],
  ]),
  ...rows('US', '+16364777702', 'notations of the sister product', {}, [
    ['636.477.7702', 'hit'],
    ['+1636.477.7702', 'hit'],
    ['1 636 477 7702', 'hit'],
    ['636.477.7703', 'miss'],
  ]),
  ...rows('DE', '+14155550100', 'an American number at a German phone system', {}, [
    ['(415) 555-0100', 'hit'],
    ['+1 415 555 0100', 'hit'],
    ['001 415 555 0100', 'hit'],
    ['415-555-0100', 'hit'],
    ['04155 550100', 'miss'],
    ['+49 4155 550100', 'miss'],
  ]),
  ...rows('DE', '+494155550100', 'a German number whose digits are American, too', {}, [
    ['04155 550100', 'hit'],
    ['+1 (415) 555-0100', 'miss'],
  ]),
  ...rows('DE', '+43752543312', 'an Austrian number with the digits of a German one', {}, [
    ['07525 43312', 'miss'],
    ['+43 7525 43312', 'hit'],
    ['0043 7525 43312', 'hit'],
  ]),
  ...rows('AR', '+5491123456789', 'Argentine mobile: 9 abroad, 15 at home', {}, [
    ['011 15-2345-6789', 'hit'],
    ['+54 9 11 2345 6789', 'hit'],
    ['011 15-2345-6780', 'miss'],
  ]),
  ...[
    'anonymous',
    'Anonymous',
    'Restricted',
    'unavailable',
    'unknown',
    'private',
    '',
    '101',
    'sip:anonymous@anonymous.invalid',
    '+266696687',
    '266696687',
    '+8656696',
    '0',
    'asdf',
  ].map((arrives): MatchingRow => ({
    country: 'DE',
    arrives,
    how: 'no number',
    stored: arrives === '' ? '+49752543312' : arrives,
    notation: 'the same text',
    expected: 'miss',
  })),
  ...(
    [
      ['', 'withheld: an empty caller id'],
      ['anonymous', 'withheld in words'],
      ['sip:anonymous@anonymous.invalid', 'withheld in a URI'],
      ['101', 'an internal call'],
      ['asdf', 'a caller id that is none'],
    ] as const
  ).flatMap(([arrives, how]) =>
    ['+49752543312', '07525 43312'].map((stored): MatchingRow => ({
      country: 'DE',
      arrives,
      called: '+49752543312',
      how,
      stored,
      notation: 'the number called',
      expected: 'miss',
    })),
  ),
  // Words on the keypad (UNKNOWN, RESTRICTED) that are somebody's number where they are dialled so.
  ...rows('IS', '8656696', 'a word on the keypad, dialled at home', {}, [
    ['865 6696', 'hit'],
    ['+354 865 6696', 'hit'],
    ['865 6697', 'miss'],
  ]),
  ...rows('US', '7378742833', 'a word on the keypad, dialled at home', {}, [
    ['(737) 874-2833', 'hit'],
    ['+1 737-874-2833', 'hit'],
    ['(737) 874-2834', 'miss'],
  ]),
  ...rows('DE', '8656696', 'a word on the keypad, area code in the rules', { areaCode: '89' }, [
    ['089 8656696', 'hit'],
    ['089 8656697', 'miss'],
  ]),
  ...rows('DE', '8656696', 'a word on the keypad, which nobody dials so', {}, [['08656 696', 'miss']]),
  ...rows('US', '8656696', 'a word on the keypad, which nobody dials so', {}, [['865-6696', 'miss']]),
];

function rows(
  country: string,
  arrives: string,
  how: string,
  rules: Partial<DialingRules>,
  stored: readonly (readonly [string, MatchingRow['expected']])[],
): readonly MatchingRow[] {
  return stored.map(([text, expected]) => ({ country, arrives, how, stored: text, notation: text, expected, rules }));
}

function rowsOf(example: Example): readonly MatchingRow[] {
  const { country, code, trunk, national } = example;
  const e164 = `+${code}${national}`;
  const row = (how: string, arrives: string, notation: string, stored: string, expected: MatchingRow['expected']) => ({
    country,
    how,
    arrives,
    notation,
    stored: stored.slice(0, 40),
    expected,
  });
  const known = [
    ['E.164', e164],
    ['national', `${trunk}${national}`],
  ] as const;
  return [
    ...arrivals(example).flatMap(([how, arrives]) =>
      known.map(([notation, stored]) => row(how, arrives, notation, stored, 'hit')),
    ),
    ...notations(example).map(([notation, stored]) => row('E.164', e164, notation, stored, 'hit')),
    ...mains(example).map(([notation, stored]) => row('E.164', e164, notation, stored, 'main')),
    ...strangers(example).map(([notation, stored]) => row('E.164', e164, notation, stored, 'miss')),
  ];
}

export const matchingTable: readonly MatchingRow[] = [...written, ...numbers.flatMap(rowsOf)];

/** Texts that are stored at the same time, of which one number's win. */
export interface MatchingContest {
  readonly country: string;
  readonly arrives: string;
  readonly stored: readonly string[];
  /** Those of `stored` that win. */
  readonly wins: readonly string[];
}

const contest = (country: string, arrives: string, stored: readonly string[], ...wins: string[]): MatchingContest => ({
  country,
  arrives,
  stored,
  wins,
});

/** The own number before a main number, and of main numbers the longest. */
export const matchingContests: readonly MatchingContest[] = [
  contest('DE', '+49752543312', ['07525 4331', '07525 433'], '07525 4331'),
  contest('DE', '+49752543312', ['07525 433-0', '+49 7525 4331-0'], '+49 7525 4331-0'),
  contest('DE', '+49752543312', ['07525 43-0', '07525/433', '07525 434'], '07525/433'),
  contest('DE', '+49752543312', ['07525 4331', '07525 43312'], '07525 43312'),
  contest('DE', '+49752543312', ['07525 4331', '+49 75 25 433 12', '07525 433'], '+49 75 25 433 12'),
  contest('DE', '+49752543312', ['07525 4331-0', '+49 7525 4331', '07525 433'], '07525 4331-0', '+49 7525 4331'),
  contest('DE', '+49752543312', ['07525 433, 07525 4331', '07525 433'], '07525 433, 07525 4331'),
  contest('AT', '+4315121234', ['01 5121-0', '01 512123', '01 51212'], '01 512123'),
  contest('GB', '+442089481345', ['020 8948 1-0', '020 8948 134'], '020 8948 134'),
  contest('FR', '+33142345678', ['01 42 34 56', '01 42 34 567'], '01 42 34 567'),
  contest('DE', '0044734273833', ['0044734273-0', '0044 734 27383'], '0044 734 27383'),
  contest('US', '+14155550100', ['(415) 555-010', '(415) 555-0100'], '(415) 555-0100'),
  contest('US', '+14155550100', ['(415) 555-010', '(415) 555-01']),
];

/** Rows whose outcome is not the one wished for, each with the reason; they count as such in the printed table. */
export const exceptions: readonly { readonly matches: (row: MatchingRow) => boolean; readonly reason: string }[] = [];
