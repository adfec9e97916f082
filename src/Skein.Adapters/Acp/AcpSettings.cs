using System.Text.Json;
using System.Text.Json.Nodes;
using Skein.Adapters.Driving;
using Skein.Core.Events;

namespace Skein.Adapters.Acp;

/// <summary>
/// The model and the mode an agent's session has, and what else it could have: told by the fields <c>models</c> and <c>modes</c>, or by
/// <c>configOptions</c>, which newer agents have. Immutable but for what was asked for last, which counts more than what the agent told: not
/// every agent tells what it has become.
/// </summary>
internal sealed record AcpSettings(AcpChoice? Models, AcpChoice? Modes)
{
    // In this order: the first that an agent has asks before it changes anything.
    private static readonly string[] s_asking = ["default", "normal", "ask", "approve", "manual", "read-only", "build"];
    private static readonly string[] s_planning = ["plan", "read-only", "chat"];

    // In the agent's words; null: nothing was, empty: nobody knows what became of it.
    private string? _askedModel;
    private string? _askedMode;

    public static AcpSettings None { get; } = new(null, null);

    /// <summary>The model that the session has, in the agent's words.</summary>
    public string? Model => Models?.Current;

    /// <summary>What could be chosen, as the end of an error's message.</summary>
    public string ModelsText => Models is { Values.Count: > 0 } models ? $" It has: {string.Join(", ", models.Values)}." : "";

    /// <summary>With what an answer or an update tells.</summary>
    public AcpSettings After(JsonElement told)
    {
        var options = told.Items("configOptions").ToList();
        return this with
        {
            Models = AcpChoice.OfField(told.Find("models"), "availableModels", "modelId", "currentModelId", "session/set_model", "modelId")
                ?? AcpChoice.OfOption(options, "model") ?? Models,
            Modes = AcpChoice.OfField(told.Find("modes"), "availableModes", "id", "currentModeId", "session/set_mode", "modeId")
                ?? AcpChoice.OfOption(options, "mode")
                ?? (told.Text("currentModeId") is { } mode && Modes is not null ? Modes with { Current = mode } : Modes),
        };
    }

    /// <summary>What sets the model, unless the session has it.</summary>
    public (string Method, JsonObject Parameters)? TakeModelChange(string model, string session)
    {
        if (Models is null)
            return null;

        var name = Models.Values.Contains(model) ? model : Models.Values.FirstOrDefault(v => v.EndsWith("/" + model, StringComparison.Ordinal) || model.EndsWith("/" + v, StringComparison.Ordinal)) ?? model;
        var isSet = name == (_askedModel ?? Models.Current);
        _askedModel = name;
        return isSet ? null : Models.Change(name, session);
    }

    /// <summary>
    /// What sets the mode, unless the session has it: one that plans, else one that asks. An agent is never told to ask nobody; in the
    /// other modes it is Skein that answers.
    /// </summary>
    public (string Method, JsonObject Parameters)? TakeModeChange(PermissionMode mode, string session)
    {
        if (Modes is null || (mode == PermissionMode.Plan ? s_planning.Concat(s_asking) : s_asking).FirstOrDefault(Modes.Values.Contains) is not { } wanted)
            return null;

        var isSet = wanted == (_askedMode ?? Modes.Current);
        _askedMode = wanted;
        return isSet ? null : Modes.Change(wanted, session);
    }

    /// <summary>What was asked for was refused, or was not answered: it is asked for again.</summary>
    public void Forget() => (_askedModel, _askedMode) = ("", "");
}

/// <summary>One thing that can be chosen.</summary>
/// <param name="Method">What chooses.</param>
/// <param name="Parameter">The name of the value in its parameters.</param>
/// <param name="Option">The option's id, where the method is for all options.</param>
internal sealed record AcpChoice(string? Current, IReadOnlyList<string> Values, string Method, string Parameter, string? Option)
{
    public static AcpChoice? OfField(JsonElement? field, string list, string id, string current, string method, string parameter) =>
        field is { ValueKind: JsonValueKind.Object } told
            ? new AcpChoice(told.Text(current), [.. told.Items(list).Select(v => v.Text(id)).OfType<string>()], method, parameter, null)
            : null;

    public static AcpChoice? OfOption(IEnumerable<JsonElement> options, string id) =>
        options.FirstOrDefault(o => o.Text("id") == id) is { ValueKind: JsonValueKind.Object } option
            ? new AcpChoice(option.Text("currentValue"), [.. ValuesOf(option)], "session/set_config_option", "value", id)
            : null;

    public (string Method, JsonObject Parameters) Change(string value, string session)
    {
        var parameters = new JsonObject { ["sessionId"] = session };
        if (Option is not null)
            parameters["configId"] = Option;
        parameters[Parameter] = value;
        return (Method, parameters);
    }

    // Options may stand in groups.
    private static IEnumerable<string> ValuesOf(JsonElement option) =>
        option.Items("options").SelectMany(o => o.Text("value") is { } value ? [value] : o.Items("options").Select(i => i.Text("value")).OfType<string>());
}
