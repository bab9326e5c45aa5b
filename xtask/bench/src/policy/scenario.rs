//! The one scenario that every contestant is asked about, and the cases that show that it
//! understands it: 3 tools, 4 scopes and 2 model keys asked; 8 tools and 12 scopes declared; 8
//! tools, 16 scopes and 4 models a key allowed.

/// What a pack declares and an organization allows, as plain text.
#[derive(Clone)]
pub struct World {
    pub declared_tools: Vec<&'static str>,
    /// Tools whose definition here is not the one the pack pinned.
    pub drifted_tools: Vec<&'static str>,
    pub allowed_tools: Vec<&'static str>,
    pub declared_scopes: Vec<&'static str>,
    pub granted_scopes: Vec<String>,
    pub declared_models: Vec<(&'static str, &'static str)>,
    pub allowed_models: Vec<(&'static str, [&'static str; 4])>,
    pub deterministic: bool,
}

/// The policy is in force from here.
pub const NOT_BEFORE: i64 = 1_767_225_600;
/// The policy is in force until before here.
pub const EXPIRES: i64 = 1_798_761_600;

/// What is asked for, and when.
#[derive(Clone)]
pub struct Asked {
    pub tools: Vec<&'static str>,
    pub scopes: Vec<&'static str>,
    pub models: Vec<(&'static str, &'static str)>,
    pub now: i64,
}

/// Builds everything a contestant wants to have beforehand, and gives its answer, as often as
/// called: whether all that is asked for is allowed.
pub type Contestant = fn(&World, &Asked) -> Box<dyn Fn() -> bool>;
/// The same for how many reasons there are against it.
pub type Reasoner = fn(&World, &Asked) -> Box<dyn Fn() -> usize>;

impl World {
    pub fn usual() -> Self {
        let granted_scopes = [
            "workspace:read",
            "workspace:list",
            "workspace:stat",
            "output:write:inventory",
            "output:write:report",
            "output:list",
            "clock:read",
            "random:read",
            "digest:compute",
            "archive:list",
            "text:search",
            "db:read:users",
            "db:read:orders",
            "db:write:audit",
            "queue:read",
            "queue:ack",
        ];
        Self {
            declared_tools: vec![
                "fs.list",
                "fs.read",
                "digest.files",
                "text.search",
                "report.write",
                "archive.list",
                "clock.now",
                "net.fetch",
            ],
            drifted_tools: Vec::new(),
            allowed_tools: vec![
                "fs.list",
                "fs.read",
                "digest.files",
                "text.search",
                "report.write",
                "archive.list",
                "clock.now",
                "db.query",
            ],
            declared_scopes: vec![
                "workspace:read",
                "workspace:list",
                "workspace:stat",
                "output:write:inventory",
                "output:write:report",
                "output:list",
                "clock:read",
                "random:read",
                "digest:compute",
                "archive:list",
                "text:search",
                "net:connect",
            ],
            granted_scopes: granted_scopes.map(str::to_owned).to_vec(),
            declared_models: vec![("planner", "acme.large-1"), ("summarizer", SUMMARIZER)],
            allowed_models: vec![
                ("planner", ["acme.large-1", "acme.large-2", "acme.medium-1", "other.large-7"]),
                ("summarizer", [SUMMARIZER, "acme.small-1", "acme.small-2", "other.small-7"]),
            ],
            deterministic: true,
        }
    }

    /// The usual world with `count` granted scopes, among them those of [`Asked::usual`]; one in
    /// eight is a wildcard.
    pub fn granting(count: usize) -> Self {
        let others = (0..count.saturating_sub(4)).map(|index| {
            let last = if index % 8 == 7 { "*" } else { "read" };
            format!("team-{:03}:project-{index:05}:{last}", index % 97)
        });
        let granted_scopes = others.chain(Asked::usual().scopes.into_iter().map(str::to_owned)).collect();
        Self { granted_scopes, ..Self::usual() }
    }
}

const SUMMARIZER: &str = "acme.small-2.2026-01.30-preview-with-tools-stable";

impl Asked {
    /// What `json::REQUEST` asks for.
    pub fn usual() -> Self {
        Self {
            tools: vec!["fs.list", "digest.files", "text.search"],
            scopes: vec!["workspace:read", "workspace:list", "output:write:inventory", "clock:read"],
            models: vec![("planner", "acme.large-1"), ("summarizer", SUMMARIZER)],
            now: NOT_BEFORE + 86_400,
        }
    }

    /// The usual request but for the model that it asks for last: two reasons.
    pub fn refused_last() -> Self {
        Self { models: vec![("planner", "acme.large-1"), ("summarizer", "other.large-8")], ..Self::usual() }
    }

    /// As many entries, with six reasons against them: a tool, a scope and a model that neither
    /// the pack declares nor the organization allows.
    pub fn refused() -> Self {
        Self {
            tools: vec!["fs.list", "shell.run", "text.search"],
            scopes: vec!["workspace:read", "workspace:list", "output:write:everything", "clock:read"],
            models: vec![("planner", "acme.large-1"), ("summarizer", "other.large-8")],
            ..Self::usual()
        }
    }
}

/// Every rule broken alone, and its nearest neighbour that breaks none; with how many reasons there
/// are against each.
pub fn cases() -> Vec<(&'static str, World, Asked, usize)> {
    let with = |change: fn(&mut World, &mut Asked)| {
        let (mut world, mut asked) = (World::usual(), Asked::usual());
        change(&mut world, &mut asked);
        (world, asked)
    };
    let case = |name, reasons, change| {
        let (world, asked) = with(change);
        (name, world, asked, reasons)
    };
    vec![
        case("usual", 0, |_, _| ()),
        case("nothing asked", 0, |_, a| (a.tools, a.scopes, a.models) = (vec![], vec![], vec![])),
        case("one tool asked", 0, |_, a| (a.tools, a.scopes, a.models) = (vec!["fs.read"], vec![], vec![])),
        case("one model asked", 0, |_, a| a.models.truncate(1)),
        case("first moment", 0, |_, a| a.now = NOT_BEFORE),
        case("last moment", 0, |_, a| a.now = EXPIRES - 1),
        case("another tool drifted", 0, |w, _| w.drifted_tools = vec!["fs.read"]),
        case("10,000 grants", 0, |w, _| *w = World::granting(10_000)),
        case("tool unknown", 2, |_, a| a.tools[0] = "shell.run"),
        case("tool not declared", 1, |_, a| a.tools[1] = "db.query"),
        case("tool not allowed", 1, |_, a| a.tools[2] = "net.fetch"),
        case("tool drifted", 1, |w, _| w.drifted_tools = vec!["text.search"]),
        case("scope unknown", 2, |_, a| a.scopes[0] = "workspace:write"),
        case("scope not declared", 1, |_, a| a.scopes[1] = "queue:ack"),
        case("scope not granted", 1, |_, a| a.scopes[3] = "net:connect"),
        case("scope a prefix", 2, |_, a| a.scopes[2] = "output:write"),
        case("model unknown", 2, |_, a| a.models[0].1 = "acme.large-9"),
        case("model not declared", 1, |_, a| a.models[1].1 = "acme.small-1"),
        case("model not allowed", 1, |w, a| {
            (w.declared_models[0].1, a.models[0].1) = ("acme.huge-1", "acme.huge-1");
        }),
        case("model of the other key", 1, |w, a| {
            (w.declared_models[0].1, a.models[0].1) = ("acme.small-1", "acme.small-1");
        }),
        case("model key unknown", 2, |_, a| a.models[1].0 = "judge"),
        case("not deterministic", 1, |w, _| w.deterministic = false),
        case("too early", 1, |_, a| a.now = NOT_BEFORE - 1),
        case("expired", 1, |_, a| a.now = EXPIRES),
        case("the last item", 2, |_, a| *a = Asked::refused_last()),
        case("all at once", 6, |_, a| *a = Asked::refused()),
    ]
}
