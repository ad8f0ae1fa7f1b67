//! How many files, and so connections, this process may hold open.

/// Files a process needs besides its connections.
const RESERVE: u64 = 128;

/// Raises the limit as far as the system lets us, for this process and those it starts from now on:
/// the limit now, and what it was before. `None` where there is no such limit.
pub(super) fn raise() -> Option<(u64, u64)> {
    let before = soft_limit()?;
    // Where it cannot be raised, what there is has to do.
    let now = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(before);
    Some((now.max(before), before))
}

/// Connections that fit into a limit.
pub(super) fn room(limit: u64) -> usize {
    usize::try_from(limit.saturating_sub(RESERVE)).unwrap_or(usize::MAX)
}

#[cfg(unix)]
fn soft_limit() -> Option<u64> {
    rlimit::getrlimit(rlimit::Resource::NOFILE).ok().map(|(soft, _)| soft)
}

#[cfg(not(unix))]
fn soft_limit() -> Option<u64> {
    None
}
