using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Redaction;

namespace Skein.Agent.Hooks;

/// <summary>A driven agent's turn, in which hooks are told of what it asks permission for. Of what it does without asking nobody is told beforehand.</summary>
internal sealed class HookedTurn(ITurn turn, HookRunner hooks) : ITurn
{
    public TurnId Id => turn.Id;
    public Session Session => turn.Session;
    public IReadOnlyList<Message> Messages => turn.Messages;
    public IReadOnlyList<Message> Aside => turn.Aside;
    public TurnCompaction? Compaction => turn.Compaction;
    public string? System => turn.System;
    public IReadOnlyList<string>? Tools => turn.Tools;
    public TurnLimits Limits => turn.Limits;
    public CostMeter? Above => turn.Above;
    public Effort? Effort => turn.Effort;
    public IdSource Ids => turn.Ids;
    public Redactor Redactor => turn.Redactor;
    public Task Steered => turn.Steered;
    public CallJudge? Judge => JudgeAsync;

    public ValueTask<TurnSpent> FindSpentAsync(CancellationToken cancellationToken) => turn.FindSpentAsync(cancellationToken);

    public ValueTask<AgentOrigin?> FindAgentOriginAsync(CancellationToken cancellationToken) => turn.FindAgentOriginAsync(cancellationToken);

    public Task ReadyForChangesAsync(CancellationToken cancellationToken) => turn.ReadyForChangesAsync(cancellationToken);

    public Task<PermissionAnswered> AskAsync(PermissionAsked question, CancellationToken cancellationToken) => turn.AskAsync(question, cancellationToken);

    public Task<SubAgentResult> RunSubAgentAsync(SubAgentRequest request, CancellationToken cancellationToken) => turn.RunSubAgentAsync(request, cancellationToken);

    public ValueTask<IReadOnlyList<Message>> TakeSteeredAsync(CancellationToken cancellationToken) => turn.TakeSteeredAsync(cancellationToken);

    public ValueTask<BlobRef> PutBlobAsync(Stream content, string mediaType, CancellationToken cancellationToken) => turn.PutBlobAsync(content, mediaType, cancellationToken);

    public ValueTask<Stream?> FindBlobAsync(string sha256, CancellationToken cancellationToken) => turn.FindBlobAsync(sha256, cancellationToken);

    private async Task<CallJudgement> JudgeAsync(PermissionAsked question, string effect, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await hooks.RunAsync(Session, HookEvent.BeforeTool, question.Tool, e =>
            {
                e["turn"] = Id.Value;
                e["tool"] = question.Tool;
                e["effect"] = effect;
                e["subject"] = question.Title;
                e["detail"] = question.Detail;
            }, cancellationToken);
            return new CallJudgement(outcome.Denied, outcome.Asks);
        }
        catch (Exception e) when (e is SkeinException or IOException or UnauthorizedAccessException)
        {
            return new CallJudgement(SessionHooks.Unknown(e), null);
        }
    }
}
