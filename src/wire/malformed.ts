/** What a parser gives back for bytes that are not what they should be: a sentence. Never an exception. */
export interface Malformed {
  readonly malformed: string;
}

export function isMalformed(value: object): value is Malformed {
  return "malformed" in value;
}

export function malformed(sentence: string): Malformed {
  return { malformed: sentence };
}
