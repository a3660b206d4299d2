import { FEATURE_LIMITS } from "../base/limits.ts";
import { formatEndpoint } from "../base/net.ts";
import type { Transaction } from "../http/transaction.ts";

export interface SeenOnce {
  /** Without those that are a second sight of another, by the start of their requests. */
  readonly transactions: Transaction[];
  /** How many were left out. */
  readonly duplicates: number;
}

/** One client address and one server: a conversation as one side of a translation shows it. */
interface Side {
  count: number;
  /** Of its transactions: those that are an image of another, and those that have one. */
  readonly images: Sight[];
  readonly originals: Sight[];
  /** Whether the whole side still can be the image of others, or have its image in others. */
  isImage: boolean;
  isOriginal: boolean;
}

interface Sight {
  readonly transaction: Transaction;
  readonly side: Side;
  readonly signature: string;
  original: Sight | null;
  images: Sight[];
}

/**
 * Leave out what a capture on a translator of addresses (NAT) shows a second time, and keep the sight on the client's
 * side: the inner client of a source translation, the server address that the client asked of a destination translation.
 *
 * An image equals its original in method, target, Host, lengths, status, media type and completeness, and differs
 * either in the client's address (and port) or in the server's address or port. It lies within its original: one clock
 * stamps both, so that the request leaves the translator after it came, and the answer comes before it leaves
 * towards the client, each within `natSkewNsMax`. Of two clients that ask at the same time, the second would have to be
 * answered first, every time.
 *
 * Only whole conversations are duplicates: every transaction of the outer side has its original, and every transaction
 * of each of these inner sides has its image; several inner clients behind one outer address are such a case, several
 * outer addresses of one client, and translations in a row as well. And the client's port must be the same
 * throughout, as most translators leave it, or there must be `natAnsweredMin` answered transactions: one coincidence
 * of milliseconds proves nothing.
 */
export function withoutNatDuplicates(transactions: Iterable<Transaction>): SeenOnce {
  const sorted = [...transactions].sort(inOrder);
  const sides = new Map<string, Side>();
  const places = sorted.map((transaction) => {
    const side = sideOf(sides, transaction);
    side.count += 1;
    return side;
  });
  findImages(sorted, places);
  keepWhole([...sides.values()].filter((s) => s.images.length > 0 || s.originals.length > 0));
  const isSecond = (side: Side) => side.isImage && side.images.length > 0;
  const once = sorted.filter((_, i) => !isSecond(places[i]!));
  return { transactions: once, duplicates: sorted.length - once.length };
}

/** Give each transaction that can be an image its original. `sorted`: an original comes before its images. */
function findImages(sorted: readonly Transaction[], places: readonly Side[]): void {
  const recent: Sight[] = [];
  let oldest = 0;
  const alike = new Map<string, Sight[]>();
  for (const [i, transaction] of sorted.entries()) {
    for (; oldest < recent.length; oldest++) {
      const past = recent[oldest]!;
      if (isWithin(past.transaction.requestStartNs, transaction.requestStartNs)) break;
      forget(alike, past);
    }
    if (oldest > recent.length / 2) oldest -= recent.splice(0, oldest).length;

    const signature = signatureOf(transaction);
    const sight = { transaction, side: places[i]!, signature, original: null, images: [] };
    const candidates = alike.get(signature);
    if (candidates === undefined) alike.set(signature, [sight]);
    else {
      link(candidates, sight);
      if (candidates.length === FEATURE_LIMITS.natCandidatesMax) candidates.shift();
      candidates.push(sight);
    }
    recent.push(sight);
  }
}

/** The original with the same client port, or else the one seen last: the next translation in a row. */
function link(candidates: readonly Sight[], image: Sight): void {
  const fitting = candidates.filter(
    (original) =>
      canBeImage(original.transaction, image.transaction) &&
      original.images.every(({ side }) => side !== image.side),
  );
  const original = fitting.findLast((one) => isSamePort(one, image)) ?? fitting.at(-1);
  if (original === undefined) return;
  image.original = original;
  image.side.images.push(image);
  if (original.images.length === 0) original.side.originals.push(original);
  original.images.push(image);
}

function forget(alike: Map<string, Sight[]>, past: Sight): void {
  const list = alike.get(past.signature);
  // One that had to make room is not in its list any more.
  if (list?.[0] !== past) return;
  if (list.length === 1) alike.delete(past.signature);
  else list.shift();
}

/** Let go of sides that are not wholly translated, and of those that hung on them. */
function keepWhole(sides: readonly Side[]): void {
  const images = sides.filter((s) => s.images.length < s.count || !isProof(s.images));
  const originals = sides.filter((s) => s.originals.length < s.count);
  while (images.length > 0 || originals.length > 0) {
    const image = images.pop();
    if (image?.isImage === true) withdrawImage(image, originals);
    const original = originals.pop();
    if (original?.isOriginal !== true) continue;
    original.isOriginal = false;
    for (const one of original.originals) for (const { side } of one.images) images.push(side);
  }
}

/** Adds the sides that have transactions without an image now to `bare`. */
function withdrawImage(side: Side, bare: Side[]): void {
  side.isImage = false;
  for (const image of side.images) {
    const { original } = image;
    if (original === null) continue;
    original.images = original.images.filter((one) => one !== image);
    if (original.images.length === 0) bare.push(original.side);
  }
}

function isProof(images: readonly Sight[]): boolean {
  const isKept = images.every(
    (image) => image.original !== null && isSamePort(image.original, image),
  );
  const answered = images.filter(({ transaction }) => transaction.responseEndNs !== null).length;
  return isKept || answered >= FEATURE_LIMITS.natAnsweredMin;
}

function isSamePort(a: Sight, b: Sight): boolean {
  return a.transaction.client.port === b.transaction.client.port;
}

/** `original` starts no later, and what else makes them equal is in the signature. */
function canBeImage(original: Transaction, image: Transaction): boolean {
  const isClientSame = original.client.address === image.client.address;
  const isServerSame =
    original.server.address === image.server.address && original.server.port === image.server.port;
  if (isClientSame === isServerSame) return false;
  if (isClientSame && original.client.port !== image.client.port) return false;
  if (!isWithin(original.requestEndNs, image.requestEndNs)) return false;
  const [inside, outside] = [original.responseEndNs, image.responseEndNs];
  return inside === null || outside === null ? inside === outside : isWithin(outside, inside);
}

/** Not earlier, and at most the time that a translator takes later. */
function isWithin(earlierNs: bigint, laterNs: bigint): boolean {
  return earlierNs <= laterNs && laterNs - earlierNs <= FEATURE_LIMITS.natSkewNsMax;
}

function sideOf(sides: Map<string, Side>, transaction: Transaction): Side {
  const key = `${transaction.client.address} ${formatEndpoint(transaction.server)}`;
  let side = sides.get(key);
  if (side === undefined) {
    side = { count: 0, images: [], originals: [], isImage: true, isOriginal: true };
    sides.set(key, side);
  }
  return side;
}

function signatureOf(t: Transaction): string {
  return `${t.method} ${t.uri} ${t.host} ${t.status} ${t.requestBytes} ${t.responseBytes} ${t.contentType} ${t.complete}`;
}

/** By start; where a coarse clock gives equal times, the request that was complete first in the capture is the inner one. */
function inOrder(a: Transaction, b: Transaction): number {
  if (a.requestStartNs !== b.requestStartNs) return a.requestStartNs < b.requestStartNs ? -1 : 1;
  return (a.order ?? 0) - (b.order ?? 0) || compareText(placeOf(a), placeOf(b));
}

function placeOf({ client, server }: Transaction): string {
  return `${formatEndpoint(client)} ${formatEndpoint(server)}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
