using System.Text.Json.Nodes;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>Reads the arguments of a call as Python has them: <c>(path="a", 3)</c>.</summary>
/// <param name="at">Where the bracket opens.</param>
internal sealed class PythonArguments(string text, int at)
{
    public int At { get; private set; } = at;

    /// <inheritdoc cref="LooseJson.IsOpen"/>
    public bool IsOpen { get; private set; }

    /// <inheritdoc cref="LooseJson.IsShort"/>
    public bool IsShort { get; private set; }

    private bool IsAtEnd => At >= text.Length;

    /// <param name="known">What arguments without a name are, in this order.</param>
    /// <exception cref="FormatException">They cannot be read.</exception>
    public JsonObject Read(IReadOnlyList<string> known)
    {
        var arguments = new JsonObject();
        var unnamed = new List<JsonNode?>();
        for (At++; !IsEnd();)
        {
            var key = Key();
            var value = Value();
            if (key is null)
                unnamed.Add(value);
            else
                arguments[key] = value;
            SkipSpace();
            if (!IsAtEnd && text[At] == ',')
                At++;
            else if (!IsAtEnd && text[At] != ')')
                throw new LooseJson(text, At).Broken("a ',' is missing between the arguments");
        }

        if (unnamed is [JsonObject all] && arguments.Count == 0)
            return all;
        foreach (var (value, key) in unnamed.Zip(known))
            arguments.TryAdd(key, value);
        return arguments;
    }

    private bool IsEnd()
    {
        SkipSpace();
        if (IsAtEnd)
            return IsShort = true;
        return text[At] == ')' && At++ >= 0;
    }

    private JsonNode? Value()
    {
        var json = new LooseJson(text, At);
        try
        {
            return json.Value();
        }
        finally
        {
            At = json.At;
            IsOpen |= json.IsOpen;
            IsShort |= json.IsShort;
        }
    }

    // path= or path: before a value.
    private string? Key()
    {
        var end = At;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_'))
            end++;
        var after = end;
        while (after < text.Length && text[after] == ' ')
            after++;
        if (end == At || after >= text.Length || text[after] is not ('=' or ':'))
            return null;

        var key = text[At..end];
        At = after + 1;
        return key;
    }

    private void SkipSpace()
    {
        while (!IsAtEnd && char.IsWhiteSpace(text[At]))
            At++;
    }
}
