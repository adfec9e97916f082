using Microsoft.Extensions.Logging;
using Skein.Core.Agents;
using Skein.Core.Files;
using Skein.Core.Redaction;

namespace Skein.Core.Running;

/// <summary>What all runners share.</summary>
internal sealed record RunnerParts(
    ISessionStore Store, AgentKinds Agents, SubAgents SubAgents, LiveTexts Live, IdSource Ids, Redactor Redactor, IFileCheckpoints? Files, TimeProvider Time,
    ILogger Logger);
