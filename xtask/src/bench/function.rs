//! The function that is measured, and the environment that it and its comparators get.

use super::account::{ACCOUNT, REGION};
use super::endpoint::Endpoint;
use super::fleet::fleet;
use super::process::{Package, Program};
use super::runtime_api::RuntimeApi;
use super::tools::{Folders, run, zip};
use anyhow::{Context, Result, ensure};
use std::env::consts::ARCH;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rollout function: `chosen`, or one built now.
pub fn rust(root: &Path, folders: &Folders, chosen: Option<&Path>, authority: &Path) -> Result<Program> {
    let executable = match chosen {
        Some(chosen) => chosen.to_path_buf(),
        None => build(root)?,
    };
    program(root, folders, &executable, authority, ("rust", "rollout (Rust)"))
}

/// Another executable that does the same.
pub fn other(root: &Path, folders: &Folders, executable: &Path, authority: &Path) -> Result<Program> {
    program(root, folders, executable, authority, ("beside", "rollout, the other"))
}

fn program(
    root: &Path,
    folders: &Folders,
    executable: &Path,
    authority: &Path,
    (key, title): (&'static str, &str),
) -> Result<Program> {
    let executable = executable.canonicalize().with_context(|| format!("find {}", executable.display()))?;
    ensure!(runs_here(&executable), "{} is not an executable for {ARCH}", executable.display());
    let directory = folders.made.join(key);
    fs::create_dir_all(&directory)?;
    let bootstrap = directory.join("bootstrap");
    fs::copy(&executable, &bootstrap).with_context(|| format!("copy {}", executable.display()))?;
    let bytes = zip(&bootstrap, &folders.made.join(format!("{key}.zip")))?;
    Ok(Program {
        key,
        title: title.to_owned(),
        command: vec![bootstrap.to_string_lossy().into_owned()],
        directory,
        variables: vec![("AWS_CA_BUNDLE".to_owned(), authority.to_string_lossy().into_owned())],
        package: Package { bytes, contents: format!("the executable alone ({})", shown(root, &executable)) },
    })
}

/// What Lambda and the template set, and where AWS is.
pub fn variables(endpoint: &Endpoint, runtime: &RuntimeApi, memory_mb: u64) -> Vec<(String, String)> {
    let memory = memory_mb.to_string();
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:huskit-prod-operations");
    let fleet = fleet().to_string();
    let fixed = [
        // The others read it from here, which costs them nothing; the function reads AppConfig.
        ("FLEET", fleet.as_str()),
        ("CONFIGURATION_APPLICATION", "a1b2c3d"),
        ("CONFIGURATION_ENVIRONMENT", "e1b2c3d"),
        ("CONFIGURATION_PROFILE", "p1b2c3d"),
        ("LEDGER_TABLE", "huskit-prod-ledger"),
        ("OPERATIONS_TOPIC_ARN", &topic),
        ("DRY_RUN", "false"),
        ("AWS_LAMBDA_RUNTIME_API", &runtime.address),
        ("AWS_LAMBDA_FUNCTION_NAME", "rollout"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/rollout"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2025/11/13/[$LATEST]0123456789abcdef"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        // The example credentials of AWS's documentation; the endpoint checks no signature.
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "session"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        // Lambda has no home with AWS profiles in it; neither has a benchmark.
        ("HOME", "/nonexistent"),
    ];
    let path = std::env::var_os("PATH").unwrap_or_default().to_string_lossy().into_owned();
    fixed
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain([("PATH".to_owned(), path)])
        .chain(endpoint.variables())
        .collect()
}

/// As Lambda gets it; what the local cloud runs is compiled in another way.
fn build(root: &Path) -> Result<PathBuf> {
    eprintln!("bench: building the rollout function (minutes, the first time)");
    run(Command::new("cargo").args(["build", "--release", "--package", "rollout"]).current_dir(root))
        .context("build the rollout function")?;
    Ok(target(root).join("release/rollout"))
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Whether a file is an ELF executable for this machine.
fn runs_here(path: &Path) -> bool {
    let mut head = [0; 20];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    let machine = match ARCH {
        "x86_64" => 62,
        "aarch64" => 183,
        _ => return read.is_ok(),
    };
    read.is_ok() && head.starts_with(b"\x7fELF") && u16::from_le_bytes([head[18], head[19]]) == machine
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
