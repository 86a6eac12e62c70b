//! How much memory a process takes, and how much a thread reads.

/// The most that this process ever had in memory at once, in kB: `VmHWM`, which only Linux tells.
pub fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}

/// How many bytes this thread has read so far, of files and not of sockets: `rchar`, which only Linux tells.
pub fn bytes_read() -> usize {
    let counts = std::fs::read_to_string("/proc/thread-self/io").unwrap_or_default();
    let count = counts.lines().find_map(|line| line.strip_prefix("rchar: "));
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}
