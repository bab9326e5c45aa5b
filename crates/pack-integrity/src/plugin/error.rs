//! Every way in which a plugin can be refused.

use std::io;

use reach_types::Timestamp;

use super::{MAX_PLUGIN_BYTES, MAX_PLUGIN_FILES, PLUGIN_ALGORITHM, PluginFormatError};
use crate::{ArchivePath, PathError};

/// Why a plugin was refused. Exhaustive on purpose: whoever decides on it must decide every case.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// There is no signature file, and no exception for this manifest.
    #[error("the plugin manifest is not signed")]
    Unsigned,
    /// The exception that was given is about another manifest.
    #[error("the exception for an unsigned plugin is about another manifest")]
    ExceptionMismatch,
    /// The exception that was given is over.
    #[error("the exception for this unsigned plugin ended at {until}")]
    ExceptionExpired {
        /// When it ended.
        until: Timestamp,
    },
    /// The signature file carries an empty signature.
    #[error("the plugin's signature file carries no signature")]
    NoSignature,
    /// One of the two documents is not of its form.
    #[error(transparent)]
    Format(PluginFormatError),
    /// The keyring has no key with this id.
    #[error("the keyring has no key `{key_id}`")]
    KeyUnknown {
        /// The id that the signature file names.
        key_id: String,
    },
    /// The signature file or the manifest names another algorithm than the key's.
    #[error("the {document} names another algorithm than the keyring's, which is `{PLUGIN_ALGORITHM}`")]
    AlgMismatch {
        /// Which of the two.
        document: super::PluginDocument,
    },
    /// The signature is not the key's over these bytes.
    #[error("the signature is not that of the key `{key_id}` over these exact manifest bytes")]
    BadSignature {
        /// The key's id.
        key_id: String,
    },
    /// A path of a pinned file.
    #[error(transparent)]
    Path(PathError),
    /// More files than [`MAX_PLUGIN_FILES`].
    #[error("the plugin manifest pins {actual} files, at most {MAX_PLUGIN_FILES} are allowed")]
    TooManyFiles {
        /// How many.
        actual: usize,
    },
    /// The manifest does not say what the plugin's files are.
    #[error("the plugin is incomplete: {gap}")]
    Incomplete {
        /// What is missing.
        gap: &'static str,
    },
    /// A pinned file is not there.
    #[error("the plugin manifest pins `{path}`, which is not there")]
    MissingFile {
        /// Which one.
        path: ArchivePath,
    },
    /// A pinned file is a link, a directory, a device, or lies behind one.
    #[error("`{path}`, which the plugin manifest pins, is not a regular file reached without links")]
    NotAFile {
        /// Which one.
        path: ArchivePath,
    },
    /// A pinned file is not the one that was pinned.
    #[error("`{path}` is not the file that the plugin manifest pins: its SHA-256 differs")]
    DigestMismatch {
        /// Which one.
        path: ArchivePath,
    },
    /// The pinned files have more than [`MAX_PLUGIN_BYTES`] together.
    #[error("the plugin's files have more than {MAX_PLUGIN_BYTES} bytes")]
    TooManyBytes,
    /// A pinned file could not be read.
    #[error("`{path}` could not be read")]
    Io {
        /// Which one.
        path: ArchivePath,
        /// What the system said.
        source: io::Error,
    },
}

reach_types::codes!(PluginError {
    Unsigned => ("plugin.unsigned", Unsigned, "get the signature file that belongs to the manifest"),
    ExceptionMismatch => ("plugin.exception_mismatch", Unsigned, "name the manifest's own BLAKE3 in the policy, or get its signature file"),
    ExceptionExpired => ("plugin.exception_expired", Expired, "get the signature file, or have the policy say anew until when the manifest may be unsigned"),
    NoSignature => ("plugin.no_signature", Unsigned, "have the manifest signed"),
    KeyUnknown => ("plugin.key_unknown", Untrusted, "get a manifest signed by a key of the keyring, or have the key added to it"),
    AlgMismatch => ("plugin.alg_mismatch", Refused, "sign with RSA PKCS#1 v1.5 and SHA-256: the keyring decides, not the file"),
    BadSignature => ("plugin.bad_signature", Refused, "fetch manifest and signature file again; every byte of the manifest counts, blanks and line ends too"),
    TooManyFiles => ("plugin.too_many_files", Limit, "pin an archive of the files instead"),
    Incomplete => ("plugin.incomplete", Incomplete, "have every file of the plugin pinned under `files`, its entry point included, and the manifest signed again"),
    MissingFile => ("plugin.missing_file", Refused, "fetch the whole plugin again"),
    NotAFile => ("plugin.not_a_file", Unsafe, "fetch the plugin again; it holds regular files only"),
    DigestMismatch => ("plugin.digest_mismatch", Refused, "fetch the plugin again; do not run what is there"),
    TooManyBytes => ("plugin.files_too_large", Limit, "this is not a plugin that can be verified here"),
    Io => ("plugin.file_unreadable", Environment, "check who owns the plugin's files and the disk"),
} wrap { Format, Path });
