using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Claude;

/// <summary>Claude Code's stream of JSON in both directions, with its control requests.</summary>
/// <param name="agent">As in <see cref="Session.Agent"/>.</param>
internal sealed class ClaudeProtocol(string agent, TimeProvider time) : IAgentProtocol
{
    private readonly Dictionary<string, Request> _requests = new(StringComparer.Ordinal);
    private readonly ClaudeQuestions _questions = new();
    private readonly ClaudeCost _cost = new();
    private readonly ClaudePlan _plan = new();
    private readonly ClaudeOwnWork _own = new();
    private string? _session;
    private string? _model;
    private string? _mode;
    private ITurn? _turn;
    private JsonObject? _prompt;
    private ClaudeTurn? _working;
    private bool _isOpening;
    private bool _isInterrupted;
    private bool _isWaiting;
    private bool _hasTold;
    private int _last;

    private enum Request { Initialize, Model, Mode, Interrupt, StopTask }

    // What is said to it in a turn waits for a turn of its own.
    public bool CanSteer => false;

    public bool RanBeside => _own.RanBeside;

    public bool IsBusy => _working is { HasOpenCalls: true };

    public bool IsWaiting => _isWaiting && _working is not null;

    public IReadOnlyList<string> Arguments(Session session, AgentResume? resume)
    {
        (_model, _mode) = (session.Model, ModeOf(session.Mode));
        _session = resume is { Forks: false } ? resume.Id : new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString();
        List<string> arguments = ["--permission-mode", _mode];
        if (resume is not null)
            arguments.AddRange(["--resume", resume.Id]);
        if (resume is { Forks: true })
            arguments.Add("--fork-session");
        if (resume is not { Forks: false })
            arguments.AddRange(["--session-id", _session]);
        if (_model is not null)
            arguments.AddRange(["--model", _model]);
        return arguments;
    }

    public void Open(Session session, AgentResume? resume, AgentSteps steps)
    {
        _isOpening = true;
        _cost.Begin(resume?.Paid ?? 0);
        Send(Request.Initialize, new JsonObject { ["subtype"] = "initialize" }, steps);
    }

    public void Prompt(ITurn turn, string? before, AgentSteps steps) => Begin(turn, PromptBlocks.Of(turn.Messages[^1], before, turn.System), steps);

    public void Compact(ITurn turn, string? keep, AgentSteps steps) => Begin(turn, PromptBlocks.Command("compact", keep), steps);

    public void Hear(JsonElement frame, AgentSteps steps)
    {
        _own.Hear(frame);
        switch (frame.Text("type"))
        {
            case "control_response" when frame.Find("response") is { } response && _requests.Remove(response.Text("request_id") ?? "", out var request):
                HearAnswer(request, response, steps);
                break;
            case "control_response" when frame.Find("response") is { } repeated && _questions.IsEcho(repeated):
                break;
            case "control_request" when frame.Text("request_id") is { } id:
                HearRequest(id, frame, steps);
                break;
            case "control_cancel_request" when frame.Text("request_id") is { } id && _questions.Withdraw(id, steps):
                break;
            case "result":
                HearResult(frame, steps);
                break;
            case "system" when frame.Text("subtype") == "init":
                // It repeats with every turn.
                if (!_hasTold)
                    steps.Yield(new AgentReported(agent, frame));
                _hasTold = true;
                break;
            default:
                if (_working is null || !_working.Hear(frame, steps))
                    steps.Yield(new AgentReported(agent, frame));
                break;
        }
    }

    public void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps) => _questions.Answer(question, answer, steps);

    public void Steer(Message message, AgentSteps steps) => throw new NotSupportedException($"{agent} cannot be told more in a running turn.");

    public void Interrupt(AgentSteps steps)
    {
        _isInterrupted = true;
        _questions.Forget(steps);
        if (IsWaiting)
            StopWaiting(null, steps);
        else if (_prompt is null)
            Send(Request.Interrupt, new JsonObject { ["subtype"] = "interrupt" }, steps);
        else
            EndUnsent(steps);
    }

    public void GiveUp(TimeSpan waited, AgentSteps steps)
    {
        _isInterrupted = true;
        _questions.Forget(steps);
        StopWaiting(new TurnFailure(FailureKind.Internal, agent, $"{agent} waited for its sub-agents, and heard nothing of them for {waited.TotalMinutes:0.#} minutes: they were told to stop."), steps);
    }

    private void Begin(ITurn turn, JsonArray content, AgentSteps steps)
    {
        (_turn, _isInterrupted, _isWaiting) = (turn, false, false);
        _prompt = new JsonObject { ["type"] = "user", ["uuid"] = _own.Prompt(), ["message"] = new JsonObject { ["role"] = "user", ["content"] = content } };
        _working = new ClaudeTurn(agent, turn.Id, new TurnWriter(turn.Ids, time, steps) { Model = turn.Session.Model }, _plan);
        _questions.Begin(turn);
        Configure(steps);
    }

    // The agent's own modes that ask less are never used: Skein's mode answers what it asks.
    private static string ModeOf(PermissionMode mode) => mode == PermissionMode.Plan ? "plan" : "default";

    private void HearAnswer(Request request, JsonElement response, AgentSteps steps)
    {
        var error = response.Text("subtype") == "error" ? response.Text("error") ?? "it does not say why" : null;
        switch (request)
        {
            case Request.Initialize when _isOpening && error is null:
                _isOpening = false;
                steps.Opened(_session ?? "");
                break;
            case Request.Initialize when _isOpening:
                _isOpening = false;
                steps.Over(new TurnFailure(FailureKind.Internal, agent, $"{agent} cannot be spoken to: {error}"));
                break;
            case Request.Model when error is not null:
                Fail(new TurnFailure(FailureKind.BadRequest, agent, $"{agent} does not take the model '{_turn?.Session.Model}': {error}"), steps);
                break;
            case Request.Mode when error is not null:
                Fail(new TurnFailure(FailureKind.BadRequest, agent, $"{agent} does not take the mode '{_mode}': {error}"), steps);
                break;
            case Request.Model or Request.Mode:
                Configure(steps);
                break;
        }
    }

    private void HearRequest(string id, JsonElement frame, AgentSteps steps)
    {
        var request = frame.Find("request") ?? default;
        if (request.Text("subtype") != "can_use_tool")
        {
            steps.Send(ClaudeControl.Error(id, $"Skein does not serve '{request.Text("subtype")}'."));
            steps.Yield(new AgentReported(agent, frame));
        }
        else if (_working is null || _isInterrupted)
            steps.Send(ClaudeControl.Deny(id, "The turn was interrupted."));
        else
            _questions.Ask(id, request, steps);
    }

    private void HearResult(JsonElement frame, AgentSteps steps)
    {
        var failure = ClaudeFailures.Of(agent, frame, _working?.Error);
        _cost.Hear(frame);
        if (_isOpening)
        {
            _isOpening = false;
            steps.Lost(failure?.Message ?? $"{agent} ended its session while it was opened.");
        }
        else if (_working is { } working && _prompt is null && !_own.IsOther)
        {
            // It goes on by itself when they are done, and tells another result.
            _isWaiting = failure is null && !_isInterrupted && _own.GoesOn;
            if (_isWaiting)
                return;
            _questions.Forget(steps);
            working.End(_isInterrupted, failure is not null, _cost.Take(), steps);
            (_working, _turn) = (null, null);
            steps.Over(failure);
        }
        else
            steps.Yield(new AgentReported(agent, frame)); // Of a turn that it began by itself.
    }

    /// <summary>Sets what differs from what the turn wants, one after the other; then the prompt goes out.</summary>
    private void Configure(AgentSteps steps)
    {
        if (_prompt is null || _turn is null)
            return;

        if (_turn.Session.Model != _model)
        {
            _model = _turn.Session.Model;
            Send(Request.Model, new JsonObject { ["subtype"] = "set_model", ["model"] = _model ?? "default" }, steps);
        }
        else if (ModeOf(_turn.Session.Mode) is var mode && mode != _mode)
        {
            _mode = mode;
            Send(Request.Mode, new JsonObject { ["subtype"] = "set_permission_mode", ["mode"] = mode }, steps);
        }
        else
        {
            steps.Send(_prompt);
            _prompt = null;
        }
    }

    private void StopWaiting(TurnFailure? failure, AgentSteps steps)
    {
        foreach (var subagent in _own.Subagents)
            Send(Request.StopTask, new JsonObject { ["subtype"] = "stop_task", ["task_id"] = subagent }, steps);
        _working!.End(isInterrupted: failure is null, failure is not null, _cost.Take(), steps);
        Fail(failure, steps);
    }

    // The prompt was not sent yet. What has not been answered until now is not waited for: the next turn sets it again.
    private void EndUnsent(AgentSteps steps)
    {
        foreach (var (id, _) in _requests.Where(r => r.Value is Request.Model or Request.Mode).ToList())
            _requests.Remove(id);
        (_model, _mode) = ("", "");
        Fail(null, steps);
    }

    private void Fail(TurnFailure? failure, AgentSteps steps)
    {
        // What was refused is tried again by the next turn.
        if (failure is not null)
            (_model, _mode) = ("", "");
        (_working, _turn, _prompt) = (null, null, null);
        steps.Over(failure);
    }

    private void Send(Request request, JsonObject content, AgentSteps steps)
    {
        var id = $"skein-{++_last}";
        _requests[id] = request;
        steps.Send(ClaudeControl.Request(id, content));
    }
}
