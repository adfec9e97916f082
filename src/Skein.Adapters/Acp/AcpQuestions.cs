using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Acp;

/// <summary>What the agent asks permission for: its options become once, always and no, and the answer becomes one of its options.</summary>
internal sealed class AcpQuestions
{
    private readonly Dictionary<PermissionId, (JsonElement Request, IReadOnlyList<(string Id, string Kind)> Options)> _open = [];
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private ITurn? _turn;
    private int _number;

    /// <summary>The agent is told that nobody answers.</summary>
    public static JsonObject Cancelled(JsonElement request) =>
        JsonRpc.Result(request, new JsonObject { ["outcome"] = new JsonObject { ["outcome"] = "cancelled" } });

    public void Begin(ITurn turn)
    {
        _turn = turn;
        _asked.Clear();
    }

    /// <param name="request">The request's id.</param>
    public void Ask(JsonElement request, JsonElement parameters, AcpTurn working, AgentSteps steps)
    {
        var told = parameters.Find("toolCall") ?? default;
        var id = told.Text("toolCallId") is { Length: > 0 } named ? named : $"call-{++_number}";
        var call = working.Asked(id, told);
        var options = parameters.Items("options")
            .Select(o => (Id: o.Text("optionId") ?? "", Kind: o.Text("kind") ?? "", Name: o.Text("name"))).Where(o => o.Id.Length > 0).ToList();

        // A call may be asked about more than once, each time about something else.
        var questioned = _asked.Add(id) ? id : $"{id}#{++_number}";
        var question = new PermissionAsked(
            _turn!.Ids.Next<PermissionId>(), _turn.Id, questioned, call.Tool, call.Title ?? call.Tool, call.Detail,
            options.FirstOrDefault(o => o.Kind == "allow_always").Name);
        _open[question.Permission] = (request, [.. options.Select(o => (o.Id, o.Kind))]);
        steps.Ask(question, call.Effect);
    }

    public void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps)
    {
        if (!_open.Remove(question.Permission, out var open))
            return;

        string[] kinds = answer.Answer switch
        {
            PermissionAnswer.Once => ["allow_once"],
            PermissionAnswer.Always => ["allow_always", "allow_once"],
            _ => ["reject_once", "reject_always"],
        };
        var option = kinds.Select(kind => open.Options.FirstOrDefault(o => o.Kind == kind).Id).FirstOrDefault(id => id is not null);
        steps.Send(option is null
            ? Cancelled(open.Request)
            : JsonRpc.Result(open.Request, new JsonObject { ["outcome"] = new JsonObject { ["outcome"] = "selected", ["optionId"] = option } }));
    }

    /// <summary>Nobody answers any more.</summary>
    public void Cancel(AgentSteps steps)
    {
        foreach (var (question, (request, _)) in _open)
        {
            steps.Forget(question);
            steps.Send(Cancelled(request));
        }

        _open.Clear();
    }
}
