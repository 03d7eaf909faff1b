/** Counts the bytes of arrays that are made while it watches, whatever becomes of them. */
export type AllocationWatch = {
  /** Since the last reset. */
  readonly bytes: number;
  reset(): void;
  stop(): void;
};

/**
 * Puts itself in front of what makes buffers by a number: `new Uint8Array(n)`, `Buffer.alloc(n)`
 * and `Buffer.allocUnsafe(n)`, which Buffer.concat uses. Copies and views are bounded by what they are made of.
 */
export function watchAllocations(): AllocationWatch {
  let bytes = 0;
  const plain = { Uint8Array, alloc: Buffer.alloc, allocUnsafe: Buffer.allocUnsafe };
  globalThis.Uint8Array = new Proxy(plain.Uint8Array, {
    construct(target, args, newTarget) {
      if (typeof args[0] === "number") bytes += args[0];
      return Reflect.construct(target, args, newTarget === globalThis.Uint8Array ? target : newTarget);
    },
  });
  Buffer.alloc = (size, ...rest) => {
    bytes += size;
    return plain.alloc.call(Buffer, size, ...rest);
  };
  Buffer.allocUnsafe = (size) => {
    bytes += size;
    return plain.allocUnsafe.call(Buffer, size);
  };
  return {
    get bytes() {
      return bytes;
    },
    reset() {
      bytes = 0;
    },
    stop() {
      globalThis.Uint8Array = plain.Uint8Array;
      Object.assign(Buffer, { alloc: plain.alloc, allocUnsafe: plain.allocUnsafe });
    },
  };
}
