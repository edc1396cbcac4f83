/**
 * Which volumes other machines can write as well. Linux tells a volume's type as a number (`f_type` of statfs); the
 * names are those of statfs(2), `linux/magic.h` and the file systems' own headers. FUSE is among them because nothing
 * tells an sshfs from a local volume behind it, and virtiofs has the same number.
 */
const SHARED_VOLUMES: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0x00c36400, "Ceph"],
  [0x5346414f, "AFS"],
  [0x6b414653, "kAFS"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x19830326, "BeeGFS"],
  [0x20030528, "OrangeFS"],
  [0x013111a8, "IBRIX"],
  [0xaad7aaea, "PanFS"],
  [0xbeefdead, "StorNext"],
  [0x61636673, "ACFS"],
  [0x73757245, "Coda"],
  [0x564c, "NCP"],
  [0x786f4256, "VirtualBox shared folder"],
  [0x7c7c6673, "Parallels shared folder"],
  [0xbacbacbc, "VMware shared folder"],
]);

/** The name of a shared volume's type, or `undefined` for a local (or unknown) one. */
export function sharedVolumeOfType(type: number): string | undefined {
  // `f_type` is a signed word on 32-bit machines.
  return SHARED_VOLUMES.get(type >>> 0);
}
