//! What stands where a plain file is meant to be.

use std::io;
use std::path::Path;
use std::process::Command;

/// What is no plain file.
#[derive(Clone, Copy, Debug)]
pub enum OddFile {
    /// Whoever opens it waits.
    Fifo,
    /// Whoever reads it never comes to its end.
    Device,
    /// A folder.
    Folder,
    /// A link that leads nowhere.
    Link,
}

/// All of them.
pub const ODD_FILES: [OddFile; 4] = [OddFile::Fifo, OddFile::Device, OddFile::Folder, OddFile::Link];

impl OddFile {
    /// Puts one where no file is.
    #[track_caller]
    pub fn put(self, path: &Path) {
        use std::os::unix::fs::symlink;
        let put = match self {
            Self::Fifo => Command::new("mkfifo")
                .arg(path)
                .status()
                .and_then(|status| if status.success() { Ok(()) } else { Err(io::Error::other("mkfifo failed")) }),
            Self::Device => symlink("/dev/zero", path),
            Self::Folder => std::fs::create_dir(path),
            Self::Link => symlink("nowhere", path),
        };
        put.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// What is said of it.
    pub fn said(self) -> &'static str {
        match self {
            Self::Fifo => "not a plain file, but a FIFO",
            Self::Device => "not a plain file, but a device",
            Self::Folder => "not a plain file, but a folder",
            Self::Link => "not a plain file, but a link that leads nowhere",
        }
    }
}
