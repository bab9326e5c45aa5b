//! The command, run once: three pipes served at the same time by one loop, each bounded, all within
//! the time. Nothing outlives it: no thread is started, and whatever is in the command's group is
//! killed with it.

use std::{
    io::{self, ErrorKind, Read, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use reach_signing::SignError;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};

use super::{CommandSigner, MAX_SIGNER_ANSWER, MAX_SIGNER_SAID};

/// How often the end of the command is looked for.
const POLL: Duration = Duration::from_millis(5);
/// How long what it said is waited for after its end, should something that left its group hold its
/// standard error.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A command that runs, and its pipes; each is dropped once it is done with.
struct Running {
    child: Child,
    /// Whether it was waited for; its number may be another's from then on.
    waited: bool,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    unwritten: Vec<u8>,
    answer: Vec<u8>,
    said: Vec<u8>,
}

impl CommandSigner {
    /// What the command answers to `message`.
    pub(super) fn ask(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let deadline = Instant::now() + self.time;
        let mut running = self.start(message).map_err(|error| self.unreachable(&error))?;
        self.follow(&mut running, deadline)
    }

    fn start(&self, message: &[u8]) -> io::Result<Running> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(&self.inherited).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let unwritten = message.to_vec();
        let (answer, said) = (Vec::new(), Vec::new());
        let running = Running { child, waited: false, stdin, stdout, stderr, unwritten, answer, said };
        running.unblock()?;
        Ok(running)
    }

    fn follow(&self, running: &mut Running, deadline: Instant) -> Result<Vec<u8>, SignError> {
        let unreachable = |error: io::Error| self.unreachable(&error);
        while running.stdout.is_some() {
            if Instant::now() >= deadline {
                return Err(self.timeout());
            }
            running.serve().map_err(unreachable)?;
        }
        if running.answer.len() > MAX_SIGNER_ANSWER {
            return Err(SignError::TooLong { signer: self.program.clone(), limit: MAX_SIGNER_ANSWER });
        }
        while !running.ended().map_err(unreachable)? {
            if Instant::now() >= deadline {
                return Err(self.timeout());
            }
            running.serve().map_err(unreachable)?;
        }
        let status = running.end().map_err(unreachable)?;
        if !status.success() {
            running.last_words().map_err(unreachable)?;
            return Err(self.refused(status, &running.said));
        }
        if !running.unwritten.is_empty() {
            return Err(SignError::Unread { signer: self.program.clone() });
        }
        Ok(std::mem::take(&mut running.answer))
    }

    fn unreachable(&self, error: &io::Error) -> SignError {
        SignError::Unreachable { signer: self.program.clone(), reason: error.to_string() }
    }

    fn timeout(&self) -> SignError {
        SignError::Timeout { signer: self.program.clone(), seconds: self.time.as_secs() }
    }

    fn refused(&self, status: ExitStatus, said: &[u8]) -> SignError {
        let text = String::from_utf8_lossy(said);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let said = if lines.is_empty() { "it said nothing".to_owned() } else { lines.join(" / ") };
        SignError::Refused { signer: self.program.clone(), status: status.to_string(), said }
    }
}

impl Running {
    /// Our ends of the pipes give what there is and do not wait.
    fn unblock(&self) -> io::Result<()> {
        let (Some(stdin), Some(stdout), Some(stderr)) = (&self.stdin, &self.stdout, &self.stderr) else {
            return Err(io::Error::other("it has no pipes"));
        };
        for pipe in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        Ok(())
    }

    /// Waits a moment for any pipe, and moves what there is.
    fn serve(&mut self) -> io::Result<()> {
        self.wait_for_pipes()?;
        if write_some(self.stdin.as_mut(), &mut self.unwritten).is_done() {
            self.stdin = None;
        }
        let answered = read_some(self.stdout.as_mut(), &mut self.answer, MAX_SIGNER_ANSWER + 1);
        if answered.is_done() || self.answer.len() > MAX_SIGNER_ANSWER {
            self.stdout = None;
        }
        if read_some(self.stderr.as_mut(), &mut self.said, MAX_SIGNER_SAID).is_done() {
            self.stderr = None;
        }
        Ok(())
    }

    fn wait_for_pipes(&self) -> io::Result<()> {
        let mut pipes = Vec::new();
        pipes.extend(self.stdin.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        pipes.extend(self.stdout.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        pipes.extend(self.stderr.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let moment = Timespec::try_from(POLL).map_err(io::Error::other)?;
        match poll(&mut pipes, Some(&moment)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the command has ended. It is not waited for yet, so that its number stays its own.
    fn ended(&self) -> io::Result<bool> {
        let seen = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(Pid::from_child(&self.child)), seen)?.is_some())
    }

    /// Kills whatever is left of the command and its group, and says how the command itself ended.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !self.waited {
            // Before it is waited for: until then its number, and its group's, is nobody else's.
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            // It may have left its group, and must not be waited for while it lives.
            let _ = self.child.kill();
            self.waited = true;
        }
        self.child.wait()
    }

    /// What it said until its end; something that left its group may hold the pipe for ever.
    fn last_words(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + LAST_WORDS;
        while self.stderr.is_some() && Instant::now() < deadline {
            self.serve()?;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// What a step with a pipe came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There may be more.
    More,
    /// The other side has closed it, or all is written.
    Done,
}

impl Step {
    fn is_done(self) -> bool {
        self == Self::Done
    }

    /// A pipe that breaks has ended.
    fn after(error: &io::Error) -> Self {
        let later = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted);
        if later { Self::More } else { Self::Done }
    }
}

fn write_some(pipe: Option<&mut ChildStdin>, unwritten: &mut Vec<u8>) -> Step {
    let Some(pipe) = pipe else { return Step::Done };
    match pipe.write(unwritten) {
        Ok(written) => drop(unwritten.drain(..written.min(unwritten.len()))),
        Err(error) => return Step::after(&error),
    }
    if unwritten.is_empty() { Step::Done } else { Step::More }
}

/// Keeps the first `limit` bytes, and drops what comes after them, so that the other side never waits
/// for somebody to read it.
fn read_some(pipe: Option<&mut impl Read>, into: &mut Vec<u8>, limit: usize) -> Step {
    let Some(pipe) = pipe else { return Step::Done };
    let mut buffer = [0; 8192];
    match pipe.read(&mut buffer) {
        Ok(0) => Step::Done,
        Ok(read) => {
            let wanted = read.min(limit.saturating_sub(into.len()));
            into.extend(buffer.iter().take(wanted));
            Step::More
        }
        Err(error) => Step::after(&error),
    }
}
