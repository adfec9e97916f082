using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;

namespace Skein.Adapters.Codex;

/// <summary>
/// What Codex asks permission for. Always lasts as long as its process: nothing is written to its rules. In mode auto, where nobody is
/// asked, the log keeps what was asked for.
/// </summary>
internal sealed class CodexQuestions(string agent)
{
    private const string UntilItEnds = ", until Codex ends";

    private readonly Dictionary<PermissionId, (JsonElement Request, Func<PermissionAnswer, JsonObject> Answer)> _open = [];
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private ITurn? _turn;
    private int _number;

    public void Begin(ITurn turn)
    {
        _turn = turn;
        _asked.Clear();
    }

    /// <param name="id">The request's.</param>
    /// <returns>False: this is no question that a yes or no answers.</returns>
    public bool Ask(JsonElement id, string method, JsonElement frame, CodexTurn working, AgentSteps steps)
    {
        var parameters = frame.Find("params") ?? default;
        var item = parameters.Text("itemId");
        var call = working.Find(item);
        var reason = parameters.Text("reason") is { Length: > 0 } said ? said : null;
        switch (method)
        {
            case "item/commandExecution/requestApproval" when Host(parameters) is { } host:
                Put(id, item, "network", $"connect to {host}", reason, "this host" + UntilItEnds, AgentEffect.Execute, Decision);
                break;
            case "item/commandExecution/requestApproval":
                call ??= new CodexItem(WithType(parameters, "commandExecution"));
                Put(id, item, call.Tool, call.Title, Joined(call.Detail, reason), "this command" + UntilItEnds, AgentEffect.Execute, Decision);
                break;
            case "item/fileChange/requestApproval":
                call ??= new CodexItem(WithType(parameters, "fileChange"));
                var root = parameters.Text("grantRoot");
                Put(
                    id, item, call.Tool, root is null ? call.Title : $"change files below {root}", Joined(call.Detail, reason), "changes of these files" + UntilItEnds,
                    root is not null ? AgentEffect.Widen : call.IsEditWithin(_turn!.Session.Workspace) ? AgentEffect.Edit : AgentEffect.Execute, Decision);
                break;
            case "item/permissions/requestApproval" when parameters.Find("permissions") is { } permissions:
                Put(
                    id, item, "permissions", reason ?? "do more than its sandbox allows", permissions.GetRawText(), "these" + UntilItEnds, AgentEffect.Widen,
                    answer => new JsonObject
                    {
                        ["permissions"] = answer == PermissionAnswer.No ? new JsonObject() : JsonNode.Parse(permissions.GetRawText()),
                        ["scope"] = answer == PermissionAnswer.Always ? "session" : "turn",
                    });
                break;
            case "mcpServer/elicitation/request" when parameters.Text("mode") == "form" && !HasFields(parameters):
                AskForTool(id, parameters);
                break;
            default:
                return false;
        }

        if (_turn!.Session.Mode == PermissionMode.Auto)
            steps.Yield(new AgentReported(agent, frame));
        return true;

        void Put(JsonElement request, string? about, string tool, string title, string? detail, string always, AgentEffect effect, Func<PermissionAnswer, JsonObject> answer)
        {
            // A call may be asked about more than once, each time about something else.
            var named = about ?? $"call-{++_number}";
            var question = new PermissionAsked(
                _turn!.Ids.Next<PermissionId>(), _turn.Id, _asked.Add(named) ? named : $"{named}#{++_number}", tool, title, detail, always);
            _open[question.Permission] = (request, answer);
            steps.Ask(question, effect);
        }

        void AskForTool(JsonElement request, JsonElement told)
        {
            var about = told.Find("_meta") ?? default;
            var name = $"mcp__{told.Text("serverName")}__{about.Text("tool_name") ?? "?"}";
            var remembers = about.Items("persist").Any(p => p.ValueKind == JsonValueKind.String && p.GetString() == "session");
            Put(
                request, null, name, told.Text("message") ?? name, about.Find("tool_params")?.GetRawText(), remembers ? "this tool" + UntilItEnds : "this call", AgentEffect.Execute,
                answer => answer == PermissionAnswer.No
                    ? new JsonObject { ["action"] = "decline", ["content"] = null, ["_meta"] = null }
                    : new JsonObject
                    {
                        ["action"] = "accept", ["content"] = new JsonObject(),
                        ["_meta"] = answer == PermissionAnswer.Always && remembers ? new JsonObject { ["persist"] = "session" } : null,
                    });
        }
    }

    public void Answer(PermissionAsked question, PermissionAnswered answer, AgentSteps steps)
    {
        if (_open.Remove(question.Permission, out var open))
            steps.Send(JsonRpc.Result(open.Request, open.Answer(answer.Answer)));
    }

    /// <summary>It no longer waits for an answer.</summary>
    /// <param name="request">The request's id.</param>
    public void Withdraw(JsonElement request, AgentSteps steps)
    {
        foreach (var (question, _) in _open.Where(o => o.Value.Request.GetRawText() == request.GetRawText()).ToList())
        {
            _open.Remove(question);
            steps.Forget(question);
        }
    }

    /// <summary>Nobody answers any more.</summary>
    public void Forget(AgentSteps steps)
    {
        foreach (var (question, (request, answer)) in _open)
        {
            steps.Forget(question);
            steps.Send(JsonRpc.Result(request, answer(PermissionAnswer.No)));
        }

        _open.Clear();
    }

    private static JsonObject Decision(PermissionAnswer answer) => new()
    {
        ["decision"] = answer switch
        {
            PermissionAnswer.Once => "accept",
            PermissionAnswer.Always => "acceptForSession",
            _ => "decline",
        },
    };

    // What is to be filled in has no place in a question.
    private static bool HasFields(JsonElement parameters) =>
        parameters.Find("requestedSchema", "properties") is { ValueKind: JsonValueKind.Object } fields && fields.EnumerateObject().Any();

    private static string? Host(JsonElement parameters) => parameters.Find("networkApprovalContext")?.Text("host");

    private static string Joined(string detail, string? reason) => reason is null ? detail : $"{detail}\n\nCodex says: {reason}";

    private static JsonElement WithType(JsonElement parameters, string type)
    {
        var item = parameters.ValueKind == JsonValueKind.Object ? JsonNode.Parse(parameters.GetRawText())!.AsObject() : [];
        item["type"] = type;
        return JsonElement.Parse(item.ToJsonString(SkeinJson.Relaxed.Options));
    }
}
