//! How much memory the process takes and took, where the kernel says.

use std::fs;

/// More than any input of a few kilobytes may take at once, in kilobytes.
const MOST_AT_ONCE: u64 = 512 << 10;

/// More than may stay behind: what every input leaves adds up.
const MOST_LEFT: u64 = 128 << 10;

/// The memory of the process when the run began.
pub(crate) struct Memory {
    resident: Option<u64>,
}

impl Memory {
    pub(crate) fn now() -> Self {
        forget_the_peak();
        Self { resident: None }
    }

    /// Compares with the first time it was asked, when all that is kept once is there.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        let (Some(peak), Some(resident)) = (field("VmHWM:"), field("VmRSS:")) else { return Ok(()) };
        forget_the_peak();
        let before = *self.resident.get_or_insert(resident);
        if peak > before + MOST_AT_ONCE {
            return Err(format!("{} MB at once", peak >> 10));
        }
        if resident > before + MOST_LEFT {
            return Err(format!("{} MB stay, at first {} did", resident >> 10, before >> 10));
        }
        Ok(())
    }
}

/// A field of `/proc/self/status`, in kilobytes.
fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn forget_the_peak() {
    // See proc_pid_clear_refs(5). Where it cannot be had, the peak of all inputs is compared.
    let _ = fs::write("/proc/self/clear_refs", "5");
}
