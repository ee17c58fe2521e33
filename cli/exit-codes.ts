/**
 * How the command line ends (sysexits.h, as doveadm does). Problem types of the API bring their
 * own code along: see PROBLEMS in the contract.
 */
export const EXIT = {
  ok: 0,
  usage: 64,
  badData: 65,
  /** No mailbox, operation or message of that name. */
  unknownName: 68,
  unavailable: 69,
  fault: 70,
  /** A file or directory cannot be made where it was asked for. */
  cannotCreate: 73,
  /** The machine cannot read or write: a full disk, for instance. */
  ioError: 74,
  retryLater: 75,
  notPermitted: 77,
  config: 78,
  /** 128 + SIGINT, as shells report it. */
  interrupted: 130,
} as const;
