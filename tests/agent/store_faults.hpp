#pragma once
// Makes the next syncs of this process fail, as a dying disk does: the program's own fsync and fdatasync
// stand in front of the C library's.

namespace nethealth::faults {

/// After `good` more syncs, `bad` of them fail with EIO.
void fail_sync_after(int good, int bad);
void stop();
/// How many failed so far.
int failed();

}  // namespace nethealth::faults
