using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Codex;

/// <summary>Codex's app-server, version 2 of its protocol: JSON-RPC over its standard input and output.</summary>
/// <param name="agent">As in <see cref="Session.Agent"/>.</param>
internal sealed class CodexProtocol(string agent, TimeProvider time) : IAgentProtocol
{
    private readonly Dictionary<long, Request> _requests = [];
    private readonly CodexQuestions _questions = new(agent);
    private readonly CodexReports _reports = new(agent);
    private readonly CodexUsage _usage = new();
    private readonly CodexSteering _steering = new();
    private readonly HashSet<string> _background = new(StringComparer.Ordinal);
    private Session? _opening;
    private AgentResume? _resume;
    private bool _isGreeted;
    private string _thread = "";
    private string? _model;
    private string? _sandbox;
    private ITurn? _turn;
    private CodexTurn? _working;
    private string? _running;
    private bool _isInterrupted;
    private TurnFailure? _failure;
    private long _last;

    private enum Request { Initialize, Start, Resume, Turn, Compact, Steer, Interrupt, Terminate, Models }

    public bool CanSteer => true;

    public bool RanBeside { get; private set; }

    public bool IsBusy => _working is { HasOpenCalls: true };

    public void Open(Session session, AgentResume? resume, AgentSteps steps)
    {
        (_opening, _resume) = (session, resume);
        if (_isGreeted)
            OpenThread(steps);
        else
            Send(Request.Initialize, "initialize", Greeting(), steps);
    }

    public void Prompt(ITurn turn, string? before, AgentSteps steps)
    {
        Begin(turn, steps);
        Start(PromptBlocks.Of(turn.Messages[^1], before, turn.System), steps);
    }

    public void Compact(ITurn turn, string? keep, AgentSteps steps)
    {
        Begin(turn, steps);
        _running = null;
        if (keep is null)
            Send(Request.Compact, "thread/compact/start", new JsonObject { ["threadId"] = _thread }, steps);
        else
            Fail(new TurnFailure(FailureKind.BadRequest, agent, $"{agent} cannot be told what its summary is to keep: let it compact without that."), steps);
    }

    public void Hear(JsonElement frame, AgentSteps steps)
    {
        if (frame.Text("method") is not { } method)
            HearAnswer(frame, steps);
        else if (frame.Find("id") is { } request)
            HearRequest(request, method, frame, steps);
        else
            HearNotification(method, frame, steps);
    }

    public void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps) => _questions.Answer(question, answer, steps);

    public void Steer(Message message, AgentSteps steps)
    {
        _steering.Put(PromptBlocks.Of(message, null, null));
        SendSteered(steps);
    }

    public void Interrupt(AgentSteps steps)
    {
        _isInterrupted = true;
        if (_running is not null)
            SendInterrupt(steps);
        _questions.Forget(steps);
    }

    // Without that capability it does not let its commands be ended.
    private static JsonObject Greeting() => new()
    {
        ["clientInfo"] = new JsonObject { ["name"] = "skein", ["title"] = "Skein", ["version"] = "1" },
        ["capabilities"] = new JsonObject { ["experimentalApi"] = true },
    };

    private void Begin(ITurn turn, AgentSteps steps)
    {
        (_turn, _isInterrupted, _failure) = (turn, false, null);
        RanBeside = _background.Count > 0;
        _working = new CodexTurn(agent, turn.Id, new TurnWriter(turn.Ids, time, steps) { Model = turn.Session.Model ?? _model }, _usage);
        _questions.Begin(turn);
        _steering.Begin();
    }

    // Nothing may change unless it was asked for; in auto, what stays in the workspace may. Its sandbox is never off.
    private static string SandboxOf(PermissionMode mode) => mode == PermissionMode.Auto ? "workspace-write" : "read-only";

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
                _isGreeted = true;
                steps.Send(JsonRpc.Notification("initialized", []));
                OpenThread(steps);
                break;
            case Request.Start or Request.Resume when error is null && result.Find("thread")?.Text("id") is { Length: > 0 } thread:
                (_thread, _model, _opening) = (thread, result.Text("model"), null);
                steps.Opened(thread);
                break;
            case Request.Resume when error is { } why:
                steps.Lost(CodexFailures.TextOf(why));
                break;
            case Request.Turn when error is null && result.Find("turn")?.Text("id") is { } turn:
                Begun(turn, steps);
                break;
            case Request.Steer:
                _steering.Answered(error is null);
                EndWhenAnswered(steps);
                break;
            case Request.Compact when error is null:
                break; // A turn of its own begins, which is told.
            case Request.Interrupt or Request.Terminate:
                break; // The end of the turn, or of the command, tells.
            case Request.Models:
                Fail(_failure! with { Message = _failure.Message + ModelsOf(result) }, steps);
                break;
            default:
                Fail(error is { } said
                    ? CodexFailures.Of(agent, said)
                    : new TurnFailure(FailureKind.Internal, agent, $"{agent} answered with something that its protocol does not know."), steps);
                break;
        }
    }

    private void HearRequest(JsonElement id, string method, JsonElement frame, AgentSteps steps)
    {
        if (_working is { } working && !_isInterrupted && _questions.Ask(id, method, frame, working, steps))
            return;
        steps.Send(JsonRpc.NotServed(id, method));
        _reports.Tell(frame, steps);
    }

    private void HearNotification(string method, JsonElement frame, AgentSteps steps)
    {
        var parameters = frame.Find("params") ?? default;
        if (parameters.Text("threadId") is { } thread && thread != _thread)
            HearOther(method, frame, steps);
        else if (method == "serverRequest/resolved" && parameters.Find("requestId") is { } request)
            _questions.Withdraw(request, steps);
        else if (method == "turn/started" && _running is null && _turn?.Compaction is not null && parameters.Find("turn")?.Text("id") is { } begun)
            Begun(begun, steps);
        else if (method == "turn/completed" && _working is not null && parameters.Find("turn") is { } turn && (turn.Text("id") == _running || _running is null))
        {
            _steering.Ended = turn;
            EndWhenAnswered(steps);
        }
        else if (method == "thread/tokenUsage/updated" && parameters.Text("turnId") != _running)
            _usage.Take(parameters); // Of what was said before this start, or beside the turns.
        else if (IsOfBackground(method, parameters) || _working is null || !_working.Hear(method, parameters, steps))
            _reports.Tell(frame, steps);
    }

    // What its sub-agents say is theirs, not this conversation's; their pieces come whole too. Before a thread is open none is another's.
    private void HearOther(string method, JsonElement frame, AgentSteps steps)
    {
        if (_thread.Length == 0 || !method.EndsWith("elta", StringComparison.Ordinal))
            _reports.Tell(frame, steps);
    }

    // What a command still prints, and how it ends, after the turn that has its call.
    private bool IsOfBackground(string method, JsonElement parameters)
    {
        var item = parameters.Find("item")?.Text("id") ?? parameters.Text("itemId") ?? "";
        return method == "item/completed" ? _background.Remove(item) : _background.Contains(item);
    }

    private void OpenThread(AgentSteps steps)
    {
        _sandbox = SandboxOf(_opening!.Mode);
        var parameters = new JsonObject { ["cwd"] = _opening.Workspace, ["approvalPolicy"] = "on-request", ["approvalsReviewer"] = "user", ["sandbox"] = _sandbox };
        if (_opening.Model is { } model)
            parameters["model"] = model;
        if (_resume is not null)
            (parameters["threadId"], parameters["excludeTurns"]) = (_resume.Id, true);
        Send(
            _resume is null ? Request.Start : Request.Resume,
            _resume switch { null => "thread/start", { Forks: true } => "thread/fork", _ => "thread/resume" }, parameters, steps);
    }

    private void Start(JsonArray input, AgentSteps steps)
    {
        var session = _turn!.Session;
        var parameters = new JsonObject { ["threadId"] = _thread, ["input"] = input, ["approvalPolicy"] = "on-request", ["approvalsReviewer"] = "user" };
        if (session.Model is { } model)
            parameters["model"] = model;
        if (_turn.Effort is { } effort)
            parameters["effort"] = effort == Effort.Max ? "xhigh" : effort.ToString().ToLowerInvariant();
        if (SandboxOf(session.Mode) is var sandbox && sandbox != _sandbox)
            parameters["sandboxPolicy"] = new JsonObject { ["type"] = sandbox == "read-only" ? "readOnly" : "workspaceWrite" };
        _sandbox = sandbox;
        _running = null;
        Send(Request.Turn, "turn/start", parameters, steps);
    }

    private void Begun(string turn, AgentSteps steps)
    {
        if (_working is null)
            return;
        _running = turn;
        if (_isInterrupted)
            SendInterrupt(steps);
        else
            SendSteered(steps);
    }

    private void SendInterrupt(AgentSteps steps) =>
        Send(Request.Interrupt, "turn/interrupt", new JsonObject { ["threadId"] = _thread, ["turnId"] = _running }, steps);

    // An interrupt ends its turn alone: what that ran would go on for as long as its program does.
    private void EndCommands(IReadOnlyList<string> processes, AgentSteps steps)
    {
        foreach (var process in processes)
            Send(Request.Terminate, "thread/backgroundTerminals/terminate", new JsonObject { ["threadId"] = _thread, ["processId"] = process }, steps);
    }

    private void SendSteered(AgentSteps steps)
    {
        while (_running is not null && _steering.Ended is null && _steering.TakeForTurn() is { } input)
            Send(Request.Steer, "turn/steer", new JsonObject { ["threadId"] = _thread, ["expectedTurnId"] = _running, ["input"] = input }, steps);
    }

    /// <summary>The turn is over once it is known what became of all that it was told more; what came too late has a turn of Codex's own.</summary>
    private void EndWhenAnswered(AgentSteps steps)
    {
        if (_working is null || _steering.Ended is not { } ended || _steering.IsWaiting)
            return;

        var status = ended.Text("status");
        var error = ended.Find("error");
        _steering.Ended = null;
        if (!_isInterrupted && error is null && _steering.TakeLate() is { } late)
        {
            Start(late, steps);
            return;
        }

        _questions.Forget(steps);
        if (_isInterrupted || error is not null)
            EndCommands(_working.Processes, steps);
        _background.UnionWith(_working.End(ended, _isInterrupted, error is not null));
        RanBeside |= _background.Count > 0;
        _reports.EndTurn(steps);
        if (error is { } said)
            _failure = CodexFailures.Of(agent, said);
        else if (!_isInterrupted && status != "completed")
            _failure = new TurnFailure(FailureKind.Internal, agent, $"{agent} ended the turn ('{status}') and did not say why.");

        if (error is { } model && CodexFailures.IsOfModel(model))
            Send(Request.Models, "model/list", [], steps);
        else
            Fail(_failure, steps);
    }

    /// <param name="failure">Null: it went well, or was interrupted.</param>
    private void Fail(TurnFailure? failure, AgentSteps steps)
    {
        (_working, _turn, _running) = (null, null, null);
        steps.Over(failure);
    }

    // None where it does not tell.
    private static string ModelsOf(JsonElement result) =>
        result.Items("data").Select(m => m.Text("model") ?? m.Text("id")).OfType<string>().ToList() is { Count: > 0 } models ? $" It has: {string.Join(", ", models)}." : "";

    private void Send(Request request, string method, JsonObject parameters, AgentSteps steps)
    {
        _requests[++_last] = request;
        steps.Send(JsonRpc.Request(_last, method, parameters));
    }
}
