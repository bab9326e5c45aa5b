//! The one call that a permit is for, as a command line states it.

use std::path::Path;

use reach_runner::{CallSite, files};
use reach_types::{Blake3Digest, NodeId, Request, RunId, Sha256Digest, TenantId, ToolCall};

use crate::{
    arguments::CallPlace,
    commands::{flags::usage, source::Trusted},
    report::Failure,
};

/// The tenant of questions that are asked without a state directory.
const DEFAULT_TENANT: &str = "default";

/// A request file, as it was read.
pub(super) struct Asked {
    pub(super) request: Request,
    bytes: Vec<u8>,
}

impl Asked {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = read(path)?;
        Ok(Self { request: Request::from_json(&bytes)?, bytes })
    }

    /// The call that is asked for: its arguments are those in `arguments`, or the request's own
    /// bytes. `flag` is what needs one call.
    pub(super) fn call(&self, arguments: Option<&Path>, flag: &str) -> Result<ToolCall, Failure> {
        let mut tools = self.request.tools.iter();
        let (Some(tool), None, true) = (tools.next(), tools.next(), self.request.models.is_empty()) else {
            return Err(one_call(flag));
        };
        let arguments = match arguments {
            Some(path) => read(path)?,
            None => self.bytes.clone(),
        };
        Ok(ToolCall { tool: tool.clone(), scopes: self.request.scopes.clone(), arguments })
    }
}

/// Arguments may be as long as the request that could hold them.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(files::read(path, u64::try_from(Request::MAX_JSON_BYTES).unwrap_or(u64::MAX))?)
}

/// A request that is not one call, where one is needed.
pub(super) fn one_call(flag: &str) -> Failure {
    usage(format!("{flag}: a permit is for one call, so a request names exactly one tool and no model"))
}

/// The run of a question that is asked for none: one that no run can have.
pub(super) fn run(place: &CallPlace) -> Result<RunId, Failure> {
    let Some(text) = &place.run else { return Ok(RunId(Blake3Digest::from_bytes([0; 32]))) };
    Blake3Digest::parse(text).map(RunId).map_err(|error| usage(format!("--run: {error}")))
}

/// Where the call happens: on this node, or on none if there is no state directory.
pub(super) fn site(trusted: &Trusted, place: &CallPlace, host: Blake3Digest) -> Result<CallSite, Failure> {
    let nobody = NodeId(Sha256Digest::from_bytes([0; 32]));
    let (node, tenant) = match &trusted.state {
        Some(state) => (state.node(), state.config().tenant.clone()),
        None => (nobody, TenantId::parse(DEFAULT_TENANT)?),
    };
    Ok(CallSite { run: run(place)?, index: place.call, node, tenant, host })
}
