interface Turn {
  readonly current: Promise<void>;
  next: Promise<void> | undefined;
}

/**
 * Of each key at most one reading is under way. Whoever asks meanwhile gets the one after it, shared, so that what is resolved was
 * always read after it was asked for, and what was read last was also begun last.
 */
export function createReadInTurn(): (key: string, read: () => Promise<void>) => Promise<void> {
  const turns = new Map<string, Turn>();
  return function inTurn(key, read) {
    const turn = turns.get(key);
    if (turn) {
      turn.next ??= turn.current.then(
        () => begin(key, read),
        () => begin(key, read),
      );
      return turn.next;
    }
    return begin(key, read);
  };

  function begin(key: string, read: () => Promise<void>): Promise<void> {
    const turn: Turn = { current: read(), next: undefined };
    turns.set(key, turn);
    const end = () => {
      if (turns.get(key) === turn && turn.next === undefined) turns.delete(key);
    };
    turn.current.then(end, end);
    return turn.current;
  }
}
