/** One request, as it was seen by the stand-in. */
export interface JournalEntry {
  /** ISO 8601, when the request was understood. */
  readonly at: string;
  /** 18 characters; null when nothing in the request told which. */
  readonly org: string | null;
  readonly method: string;
  /** Without the query, which may hold tokens and numbers. */
  readonly path: string;
  /** Null while the answer is being made, and for good when the connection was closed without one. */
  status: number | null;
  readonly grant: string | null;
  /** Version of the presented token within its grant: 1 for the first, one more with each refresh. */
  readonly tokenVersion: number | null;
  /** A refresh token was presented that had been rotated away before. */
  readonly spentToken: boolean;
  /** Other token requests of the same grant that were in flight when this one arrived. */
  readonly inFlight: number;
}

export interface JournalContent {
  readonly entries: readonly JournalEntry[];
  readonly counts: Readonly<Record<string, number>>;
}

/** Entries beyond these are dropped, oldest first; the counts stay true. */
const entriesKept = 50_000;

export function createJournal() {
  let entries: JournalEntry[] = [];
  let counts = new Map<string, number>();
  return {
    add(entry: JournalEntry): void {
      entries.push(entry);
      if (entries.length > 2 * entriesKept) entries = entries.slice(-entriesKept);
      counts.set(entry.path, (counts.get(entry.path) ?? 0) + 1);
    },
    content: (): JournalContent => ({ entries: entries.slice(-entriesKept), counts: Object.fromEntries(counts) }),
    clear(): void {
      entries = [];
      counts = new Map();
    },
  };
}

export type Journal = ReturnType<typeof createJournal>;
