/** The proof cannot go on: what the rules do is not modelled, or there is too much of it. */
export class Undecided extends Error {}
