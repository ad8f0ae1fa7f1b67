//! How a session's payloads are read: what the person chose, and what the connection says of them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::Chunks;
use super::snapshot::Entry;
use crate::capture::CaptureFile;
use crate::decode::{self, Bytes, Context, Decoded, LONGEST, NoSchema, Schema};
use crate::model::{Dir, Event};

/// Events after the handshake among which the first message is looked for.
const BEGINNING: usize = 256;
/// A first message longer than this agrees upon nothing, in bytes.
const OPENING: u32 = 64 << 10;

/// How the person wants payloads to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The decoder for every payload, by its id; `None` where each payload finds its own.
    pub decoder: Option<&'static str>,
    /// What describes Protobuf messages.
    pub schema: Option<Arc<SchemaFile>>,
}

/// A descriptor set and where it came from.
#[derive(Debug, Clone)]
pub struct SchemaFile {
    /// The file.
    pub path: PathBuf,
    /// What it describes.
    pub schema: Schema,
}

/// Why a file describes no messages.
#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    #[error("{path} cannot be read: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} is larger than 16 MiB")]
    TooLarge { path: PathBuf },
    #[error("{path}: {source}")]
    NoSchema { path: PathBuf, source: NoSchema },
}

impl SchemaError {
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "Check that the file is there and may be read",
            Self::TooLarge { .. } | Self::NoSchema { .. } => {
                "Write one with protoc --include_imports --descriptor_set_out=FILE.binpb FILE.proto"
            }
        }
    }
}

impl SchemaFile {
    /// Reads a descriptor set.
    pub(super) fn read(path: &Path) -> Result<Self, SchemaError> {
        let failed = |source| SchemaError::Io { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > LONGEST {
            return Err(SchemaError::TooLarge { path: path.to_owned() });
        }
        match Schema::read(&bytes) {
            Ok(schema) => Ok(Self { path: path.to_owned(), schema }),
            Err(source) => Err(SchemaError::NoSchema { path: path.to_owned(), source }),
        }
    }
}

impl Reading {
    /// Takes every payload for this message of the descriptor set, or for the first that fits.
    pub(super) fn name_message(&mut self, name: Option<String>) {
        if let Some(file) = &mut self.schema {
            Arc::make_mut(file).schema.message = name;
        }
    }

    /// Reads an event's payload.
    pub(super) fn decode(
        &self,
        event: &Event,
        handshake: Option<&Event>,
        opening: Option<&Bytes>,
        url: &Url,
    ) -> Decoded {
        let answer = handshake.map(|event| &event.meta().headers);
        let own = decode::content_type(&event.meta().headers);
        let content_type = own.or_else(|| {
            let is_message = event.kind.is_message() && event.dir == Dir::In;
            answer.filter(|_| is_message).and_then(decode::content_type)
        });
        let context = Context {
            subprotocol: answer.and_then(decode::subprotocol),
            content_type: content_type.as_deref(),
            url: Some(url),
            opening,
            schema: self.schema.as_ref().map(|file| &file.schema),
            ..Context::new(event)
        };
        decode::decode(&context, self.decoder)
    }
}

/// The first message that was sent after the handshake at this position of the index.
pub(super) fn opening(
    index: &Chunks<Entry>,
    handshake: usize,
    file: &CaptureFile,
) -> Option<Bytes> {
    let attempt = index.get(handshake)?.attempt;
    let entry = index
        .iter_from(handshake)
        .take(BEGINNING)
        .find(|e| e.attempt == attempt && e.dir == Dir::Out && e.kind.is_message())?;
    if entry.size > OPENING {
        return None;
    }
    // Where it cannot be read the event itself tells so.
    Some(file.event(entry.n).ok()??.event.payload)
}
