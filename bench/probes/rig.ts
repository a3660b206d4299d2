/** What stands around a bridge `isolation` with a guest plugged in, whatever the bridge is made of. */
export interface Rig {
  /** What the bridge is, for the reader. */
  readonly name: string;
  /** Every place where a control must be seen. A frame that is seen at any other place got out just as well. */
  readonly places: readonly string[];
  /** Replace the bridge's rules in one atomic change. */
  setRules(rules: string): Promise<void>;
  /** Let the guest send frames. Resolves when there is room for more. */
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** Resolves when all that was sent has passed the bridge, and all that got out was told to `onOutside`. */
  settled(): Promise<void>;
  /** Frames of the guest that the rules in force have looked up since they came into force. */
  lookedUp(): Promise<number>;
  readonly counts: {
    /** Frames that the rules handed to the replayer, as they may. */
    readonly toReplayer: number;
    /** Frames that a capture lost. */
    readonly missed: number;
    /** What the guest sent to keep in step with the bridge, and no probe. */
    readonly own: number;
  };
}

/** A frame was seen outside. */
export type OnOutside = (place: string, frame: Uint8Array) => void;
