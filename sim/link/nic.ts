/** A network interface: what a link is plugged into. Frames are from the Ethernet header on, without check sequence, and are never changed in place. */
export interface Nic {
  /** A frame arrives. */
  receive(bytes: Uint8Array): void;
  /** Where the device puts the frames it sends; the link sets it. Null while nothing is plugged in: what is sent is lost. */
  onSend: ((bytes: Uint8Array) => void) | null;
}

/** One step on a frame's way along a link. */
export type Pipe = (bytes: Uint8Array) => void;
