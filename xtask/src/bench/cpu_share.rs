//! Lambda's CPU share: a cgroup whose quota is memory / 1769 of a core.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The memory at which Lambda gives one whole core, MB.
const ONE_CORE_MB: u64 = 1769;

/// A cgroup of our own, removed with its value.
pub struct CpuShare {
    path: PathBuf,
    version: Version,
    quota_us: u64,
    period_us: u64,
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

impl CpuShare {
    /// Makes a cgroup for `memory_mb`, dealt out in periods; says why when this machine does not allow it.
    ///
    /// A function that has used the share of one period waits for the next.
    pub fn new(memory_mb: u64, period: Duration) -> Result<Self> {
        let period_us = period.as_micros() as u64;
        let mounts = fs::read_to_string("/proc/mounts").context("read /proc/mounts")?;
        let (parent, version) = controller(&mounts)?;
        let path = parent.join(format!("huskit-bench-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("make cgroup {}", path.display()))?;
        let share = Self { path, version, quota_us: quota_us(memory_mb, period_us), period_us };
        share.limit().context("set a CPU quota")?;
        share.lift()?;
        Ok(share)
    }

    /// Puts a process, and whatever it starts, into the cgroup.
    pub fn enter(&self, pid: u32) -> Result<()> {
        self.write("cgroup.procs", &pid.to_string())
    }

    /// Gives the full CPU, as Lambda does during init.
    pub fn lift(&self) -> Result<()> {
        match self.version {
            Version::One => self.write("cpu.cfs_quota_us", "-1"),
            Version::Two => self.write("cpu.max", &format!("max {}", self.period_us)),
        }
    }

    /// Gives the share that the memory buys.
    pub fn limit(&self) -> Result<()> {
        let Self { quota_us, period_us, .. } = self;
        match self.version {
            Version::One => {
                self.write("cpu.cfs_period_us", &period_us.to_string())?;
                self.write("cpu.cfs_quota_us", &quota_us.to_string())
            }
            Version::Two => self.write("cpu.max", &format!("{quota_us} {period_us}")),
        }
    }

    fn write(&self, file: &str, value: &str) -> Result<()> {
        let path = self.path.join(file);
        fs::write(&path, value).with_context(|| format!("write {value} to {}", path.display()))
    }
}

impl Drop for CpuShare {
    fn drop(&mut self) {
        // A cgroup that still has a dying process stays behind empty; nothing is harmed by it.
        fs::remove_dir(&self.path).ok();
    }
}

fn quota_us(memory_mb: u64, period_us: u64) -> u64 {
    memory_mb * period_us / ONE_CORE_MB
}

/// Where CPU quotas are set on this machine.
fn controller(mounts: &str) -> Result<(PathBuf, Version)> {
    let mut unified = None;
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, path, kind, options, ..] = fields[..] else { continue };
        match kind {
            "cgroup" if options.split(',').any(|option| option == "cpu") => return Ok((path.into(), Version::One)),
            "cgroup2" => unified = Some(path),
            _ => {}
        }
    }
    let Some(root) = unified.map(Path::new) else { bail!("no cgroup file system is mounted") };
    let controllers = fs::read_to_string(root.join("cgroup.subtree_control")).unwrap_or_default();
    if !controllers.split_whitespace().any(|name| name == "cpu") {
        fs::write(root.join("cgroup.subtree_control"), "+cpu").context("enable the cpu controller")?;
    }
    Ok((root.to_owned(), Version::Two))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_is_the_share_of_one_core() {
        assert_eq!(quota_us(1769, 20_000), 20_000);
        assert_eq!(quota_us(128, 20_000), 1447);
    }

    #[test]
    fn a_mounted_cpu_controller_is_preferred_to_the_unified_tree() {
        let mounts = "cgroup /sys/fs/cgroup/cpuacct cgroup rw,cpuacct 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n\
                      cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n";
        let (path, version) = controller(mounts).unwrap();
        assert_eq!(path, Path::new("/sys/fs/cgroup/cpu"));
        assert!(matches!(version, Version::One));
        assert!(controller("proc /proc proc rw 0 0\n").is_err());
    }
}
