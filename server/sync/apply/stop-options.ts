export type StopOptions = {
  readonly forgetCheckpoint: boolean;
  /** Nobody waits for it: it may take as long as a cutover to put all right. */
  readonly patient?: boolean;
  /** The application is switched next: as with `forgetCheckpoint`, but what is kept for the task stays for a way back. */
  readonly forSwitch?: boolean;
};

/** Nothing of the shard is applied after it, unless somebody goes back. */
export function isCutover({ forgetCheckpoint, forSwitch }: StopOptions): boolean {
  return forgetCheckpoint || forSwitch === true;
}
