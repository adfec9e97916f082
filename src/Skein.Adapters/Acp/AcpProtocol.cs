using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Acp;

/// <summary>The Agent Client Protocol, version 1, as its client: JSON-RPC over the agent's standard input and output.</summary>
/// <param name="agent">As in <see cref="Session.Agent"/>.</param>
internal sealed class AcpProtocol(string agent, TimeProvider time) : IAgentProtocol
{
    private const string Version = "1";

    private readonly Dictionary<long, Request> _requests = [];
    private readonly AcpQuestions _questions = new();
    private readonly AcpReports _reports = new(agent);
    private readonly AcpCompaction _compaction = new(agent);
    private AcpAgent _about = AcpAgent.Unknown;
    private AcpSettings _settings = AcpSettings.None;
    private Session? _opening;
    private AgentResume? _resume;
    private string _session = "";
    private bool _isInterrupted;
    private ITurn? _turn;
    private JsonArray? _prompt;
    private AcpTurn? _working;
    private long _last;

    private enum Request { Initialize, New, Load, Fork, Prompt, Model, Mode }

    // Agents that can be told more in a turn have no common way for it.
    public bool CanSteer => false;

    /// <summary>What an agent is greeted with.</summary>
    public static JsonObject Greeting() => new()
    {
        ["protocolVersion"] = 1,
        // It reads and writes files by itself: what changes is what it says it changes.
        ["clientCapabilities"] = new JsonObject
        {
            ["fs"] = new JsonObject { ["readTextFile"] = false, ["writeTextFile"] = false },
            ["terminal"] = false,
        },
        ["clientInfo"] = new JsonObject { ["name"] = "skein", ["title"] = "Skein", ["version"] = Version },
    };

    public void Open(Session session, AgentResume? resume, AgentSteps steps)
    {
        (_opening, _resume) = (session, resume);
        if (_about.IsKnown)
        {
            OpenSession(steps);
            return;
        }

        Send(Request.Initialize, "initialize", Greeting(), steps);
    }

    public bool IsBusy => _working is { HasOpenCalls: true };

    public bool IsWaiting => _compaction.IsWaiting;

    public void Prompt(ITurn turn, string? before, AgentSteps steps)
    {
        Begin(turn, steps);
        _prompt = PromptBlocks.Of(turn.Messages[^1], before, turn.System);
        Configure(steps);
    }

    public void Compact(ITurn turn, string? keep, AgentSteps steps)
    {
        Begin(turn, steps);
        _compaction.Begin(keep, _about.Compacts);
        TryCompact(steps);
    }

    public void GiveUp(TimeSpan waited, AgentSteps steps) => Fail(_compaction.NotOffered(), steps);

    public void Hear(JsonElement frame, AgentSteps steps)
    {
        var id = frame.Find("id");
        var method = frame.Text("method");
        if (method is null)
            HearAnswer(frame, steps);
        else if (id is { } request)
            HearRequest(request, method, frame, steps);
        else if (method == "session/update" && IsOfOther(frame))
            _reports.Tell(frame, steps);
        else if (method == "session/update" && frame.Find("params", "update") is { } update)
            HearUpdate(frame, update, steps);
        else
            _reports.Tell(frame, steps);
    }

    public void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps) => _questions.Answer(question, answer, steps);

    public void Steer(Message message, AgentSteps steps) => throw new NotSupportedException($"{agent} cannot be told more in a running turn.");

    public void Interrupt(AgentSteps steps)
    {
        _isInterrupted = true;
        _questions.Cancel(steps);
        if (_prompt is null && !IsWaiting)
        {
            steps.Send(JsonRpc.Notification("session/cancel", new JsonObject { ["sessionId"] = _session }));
            return;
        }

        // The prompt was not sent yet. What has not been answered until now is not waited for: the next turn sets it again.
        _requests.Clear();
        _settings.Forget();
        Fail(null, steps);
    }

    private void TryCompact(AgentSteps steps)
    {
        _prompt = _compaction.Prompt();
        if (_prompt is not null)
            Configure(steps);
        else if (!IsWaiting)
            Fail(_compaction.NotOffered(), steps);
    }

    private void Begin(ITurn turn, AgentSteps steps)
    {
        (_turn, _isInterrupted) = (turn, false);
        _working = new AcpTurn(turn.Id, new TurnWriter(turn.Ids, time, steps) { Model = turn.Session.Model ?? _settings.Model }, _reports);
        _questions.Begin(turn);
    }

    private void HearUpdate(JsonElement frame, JsonElement update, AgentSteps steps)
    {
        // What is told again while a session is loaded stands in the log already; of a new one nothing can be.
        if (_opening is not null && _resume is not null && AcpTurn.IsConversation(update))
            return;

        _settings = _settings.After(update);
        if (_compaction.Hear(update))
            TryCompact(steps);
        if (_working is null || !_working.Hear(update))
            _reports.Tell(frame, steps);
    }

    private void HearRequest(JsonElement id, string method, JsonElement frame, AgentSteps steps)
    {
        if (method != "session/request_permission" || frame.Find("params") is not { } parameters)
        {
            steps.Send(JsonRpc.NotServed(id, method));
            _reports.Tell(frame, steps);
        }
        else if (_working is null || _isInterrupted)
            steps.Send(AcpQuestions.Cancelled(id));
        else
            _questions.Ask(id, parameters, _working, steps);
    }

    private void HearAnswer(JsonElement frame, AgentSteps steps)
    {
        if (frame.Number("id") is not { } id || !_requests.Remove(id, out var request))
        {
            _reports.Tell(frame, steps);
            return;
        }

        var result = frame.Find("result") ?? default;
        var error = frame.Find("error");
        switch (request)
        {
            case Request.Initialize when error is null:
                _about = AcpAgent.Of(result);
                OpenSession(steps);
                break;
            case Request.New or Request.Fork when error is null && result.Text("sessionId") is { Length: > 0 } session:
                Opened(session, result, steps);
                break;
            case Request.Load when error is null:
                Opened(_resume!.Id, result, steps);
                break;
            case Request.Load or Request.Fork when error is { } why:
                steps.Lost(AcpErrors.TextOf(why));
                break;
            case Request.Model or Request.Mode when error is null:
                _settings = _settings.After(result);
                Configure(steps);
                break;
            case Request.Model:
                _settings.Forget();
                Fail(new TurnFailure(FailureKind.BadRequest, agent, $"{agent} does not take the model '{_turn?.Session.Model}': {AcpErrors.TextOf(error!.Value)}{_settings.ModelsText}"), steps);
                break;
            case Request.Mode:
                _settings.Forget();
                Fail(AcpErrors.FailureOf(agent, error, _about), steps);
                break;
            case Request.Prompt:
                EndTurn(result, error, steps);
                break;
            default:
                Fail(AcpErrors.FailureOf(agent, error, _about), steps);
                break;
        }
    }

    private void OpenSession(AgentSteps steps)
    {
        var parameters = new JsonObject { ["cwd"] = _opening!.Workspace, ["mcpServers"] = new JsonArray() };
        if (_resume is null)
            Send(Request.New, "session/new", parameters, steps);
        else if ((_resume.Forks ? _about.Fork : _about.Resume) is { } method)
        {
            parameters["sessionId"] = _resume.Id;
            Send(_resume.Forks ? Request.Fork : Request.Load, method, parameters, steps);
        }
        else
        {
            _resume = null;
            steps.Lost(_about.WhyNoResume);
        }
    }

    private void Opened(string session, JsonElement result, AgentSteps steps)
    {
        _reports.IsResumed = _resume is not null;
        (_session, _opening, _settings) = (session, null, AcpSettings.None.After(result));
        steps.Opened(session);
    }

    /// <summary>Sets what differs from what the turn wants, one after the other; then the prompt goes out.</summary>
    private void Configure(AgentSteps steps)
    {
        if (_prompt is null || _turn is null)
            return;

        if (_turn.Session.Model is { } model && _settings.TakeModelChange(model, _session) is { } setModel)
            Send(Request.Model, setModel.Method, setModel.Parameters, steps);
        else if (_settings.TakeModeChange(_turn.Session.Mode, _session) is { } setMode)
            Send(Request.Mode, setMode.Method, setMode.Parameters, steps);
        else
        {
            Send(Request.Prompt, "session/prompt", new JsonObject { ["sessionId"] = _session, ["prompt"] = _prompt }, steps);
            _prompt = null;
        }
    }

    private void EndTurn(JsonElement result, JsonElement? error, AgentSteps steps)
    {
        if (_working is null)
            return;

        var reason = result.Text("stopReason");
        _questions.Cancel(steps);
        _working.End(reason, result);
        _reports.EndTurn(steps);
        if (_compaction.End(hasSucceeded: error is null && reason == "end_turn") is { } compacted)
            steps.Yield(compacted);
        var failure = error is not null
            ? AcpErrors.FailureOf(agent, error, _about)
            : reason == "cancelled" && !_isInterrupted
                ? new TurnFailure(FailureKind.Internal, agent, $"{agent} cancelled the turn by itself and did not say why.")
                : null;
        (_working, _turn) = (null, null);
        steps.Over(failure);
    }

    private void Fail(TurnFailure? failure, AgentSteps steps)
    {
        _compaction.End(hasSucceeded: false);
        (_working, _turn, _prompt) = (null, null, null);
        steps.Over(failure);
    }

    private bool IsOfOther(JsonElement frame) =>
        _session.Length > 0 && frame.Find("params")?.Text("sessionId") is { } session && session != _session;

    private void Send(Request request, string method, JsonObject parameters, AgentSteps steps)
    {
        _requests[++_last] = request;
        steps.Send(JsonRpc.Request(_last, method, parameters));
    }
}
