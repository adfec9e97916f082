using System.Text.Json.Nodes;

namespace Skein.Agent.Providers.TextCalls;

/// <summary>Reads calls from the place where they may stand, in whatever a model put around them. Run once; the properties hold afterwards.</summary>
internal sealed class CallReader(string text, int at, ToolNames names)
{
    private static readonly string[] s_betweenNameAndArguments =
        ["[ARGS]", "✿ARGS✿:", "<｜tool▁sep｜>", "<|tool_call_argument_begin|>", "<|message|>", "<|constrain|>json", "<|constrain|>", "```json", "```"];

    /// <summary>A name may begin with one of these: Gemma's, DeepSeek's and Harmony's calls.</summary>
    public static IReadOnlyList<string> BeforeNames { get; } = ["call:", "function<｜tool▁sep｜>", "print(", "to="];

    public List<TextCall> Calls { get; } = [];

    public int At { get; private set; } = at;

    /// <summary>It ended in the middle of a string or of an argument.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Something that belongs to the calls is missing at the end.</summary>
    public bool IsShort { get; private set; }

    /// <summary>What is wrong is that it ended: more of it may be right.</summary>
    public bool IsUnfinished { get; private set; }

    /// <summary>Why the rest could not be read; null: it could.</summary>
    public string? Problem { get; private set; }

    private bool IsAtEnd => At >= text.Length;

    /// <summary>Where the problem is.</summary>
    public int BrokenAt { get; private set; }

    /// <summary>Reads what stands here, and all that follows it.</summary>
    public CallReader ReadAll()
    {
        while (ReadNext())
        {
        }

        return this;
    }

    /// <summary>Reads one value, element or call.</summary>
    /// <returns>False: what stands here is none, or is broken.</returns>
    public bool ReadNext()
    {
        SkipBetween();
        if (IsAtEnd || Problem is not null)
            return false;

        var start = At;
        try
        {
            return text[At] switch
            {
                '`' => SkipFence(),
                '{' => ReadJson(),
                '[' => StartsPythonList() ? ReadPythonList() : ReadJson(),
                '<' => ReadElement(),
                var c => (char.IsLetter(c) || c == '_') && ReadNamed(),
            };
        }
        catch (FormatException e)
        {
            Problem = e.Message;
            IsUnfinished = IsAtEnd;
            BrokenAt = At;
            At = start;
            return false;
        }
    }

    private bool ReadJson()
    {
        var start = At;
        var value = Json(json => json.Value());
        Calls.AddRange(CallJson.Calls(value, text[start..At], names));
        return true;
    }

    private T Json<T>(Func<LooseJson, T> read)
    {
        var json = new LooseJson(text, At);
        try
        {
            return read(json);
        }
        finally
        {
            At = json.At;
            IsOpen |= json.IsOpen;
            IsShort |= json.IsShort;
        }
    }

    private bool ReadElement()
    {
        if (CallTag.Read(text, At) is not { IsClosing: false } tag)
            return false;

        var start = At;
        At = tag.End;
        if (tag.Value is { } named && CallTag.IsCall(tag.Name))
            AddElement(named, tag, start);
        else if (names.Find(tag.Name) is { } tool && !CallTag.IsCall(tag.Name))
            AddElement(tool, tag, start);
        else if (CallTag.IsName(tag.Name))
            AddNamedElements(tag, start);
        else if (CallTag.IsCall(tag.Name) || CallTag.IsArguments(tag.Name))
        {
            while (!IsAtEnd && !SkipClosing(tag) && ReadNext())
            {
            }

            return Problem is null;
        }
        else
        {
            At = start;
            return false;
        }

        return true;
    }

    // <function=read>…</function>, <invoke name="read">…</invoke>, <read>…</read>: JSON or elements.
    private void AddElement(string name, CallTag tag, int start)
    {
        var arguments = Arguments(tag);
        Calls.Add(CallJson.Whole(name, arguments, text[start..At], names));
    }

    // <name>read</name><arguments>…</arguments>
    private void AddNamedElements(CallTag tag, int start)
    {
        var name = ElementText(tag);
        SkipSpace();
        var arguments = new JsonObject();
        if (!IsAtEnd && text[At] == '<' && CallTag.Read(text, At) is { IsClosing: false } next && CallTag.IsArguments(next.Name))
        {
            At = next.End;
            arguments = Arguments(next);
        }

        Calls.Add(CallJson.Whole(name, arguments, text[start..At], names));
    }

    private JsonObject Arguments(CallTag around)
    {
        SkipSpace();
        if (!IsAtEnd && text[At] == '{')
        {
            var given = Json(json => json.Value()) as JsonObject ?? [];
            SkipSpace();
            if (!SkipClosing(around))
                IsShort = true;
            return given;
        }

        var arguments = new JsonObject();
        while (true)
        {
            SkipSpace();
            if (IsAtEnd)
            {
                IsShort |= around.Name.Length > 0;
                return arguments;
            }

            if (SkipClosing(around))
                return arguments;
            if (CallTag.Read(text, At) is not { } tag)
                throw new LooseJson(text, At).Broken($"inside of <{around.Written}> there is neither a JSON object nor an element");
            if (tag.IsClosing)
                // One of those around it: its own is missing.
                return arguments;

            At = tag.End;
            if (tag.Name == "arg_key")
            {
                var key = ElementText(tag).Trim();
                SkipSpace();
                if (CallTag.Read(text, At) is { Name: "arg_value", IsClosing: false } value)
                {
                    At = value.End;
                    arguments[key] = ElementText(value);
                }
            }
            else if (tag.Value is null && CallTag.IsArguments(tag.Name))
                foreach (var (key, value) in Arguments(tag))
                    arguments[key] = value?.DeepClone();
            else
                arguments[tag.Value ?? tag.Written] = ElementText(tag);
        }
    }

    // The text of an element whose opening tag was read: one line break at each end is the tags', not the text's.
    private string ElementText(CallTag tag)
    {
        var start = At;
        var (end, after) = tag.FindClosing(text, At);
        if (end < 0)
        {
            IsOpen = true;
            At = text.Length;
            throw new LooseJson(text, At).Broken($"<{tag.Written}> is not closed");
        }

        At = after;
        var said = text[start..end];
        if (said.StartsWith('\n'))
            said = said[1..];
        return said.EndsWith('\n') ? said[..^1] : said;
    }

    private bool SkipClosing(CallTag tag)
    {
        SkipSpace();
        if (IsAtEnd || CallTag.Read(text, At) is not { IsClosing: true } closing || closing.Name != tag.Name)
            return false;

        At = closing.End;
        return true;
    }

    private bool StartsPythonList()
    {
        var next = At + 1;
        while (next < text.Length && char.IsWhiteSpace(text[next]))
            next++;
        return next < text.Length && (char.IsLetter(text[next]) || text[next] == '_');
    }

    private bool ReadPythonList()
    {
        At++;
        while (ReadNext())
        {
            SkipSpace();
            if (!IsAtEnd && text[At] == ',')
                At++;
        }

        SkipSpace();
        if (Problem is null && IsAtEnd)
            IsShort = true;
        else if (Problem is null && text[At] == ']')
            At++;
        else if (Problem is null)
            throw new LooseJson(text, At).Broken("a ']' is missing");
        return Problem is null;
    }

    private bool ReadNamed()
    {
        var start = At;
        var isPrinted = false;
        foreach (var before in BeforeNames)
        {
            if (!Skip(before))
                continue;
            isPrinted = before == "print(";
            break;
        }

        var nameStart = At;
        while (!IsAtEnd && (char.IsLetterOrDigit(text[At]) || text[At] is '_' or '-' or '.'))
            At++;
        var name = text[nameStart..At];

        // functions.read:0, the number of the call.
        if (name.Length > 0 && At + 1 < text.Length && text[At] == ':' && char.IsAsciiDigit(text[At + 1]))
            for (At++; !IsAtEnd && char.IsAsciiDigit(text[At]);)
                At++;
        if (Skip("[CALL_ID]"))
            while (!IsAtEnd && text[At] != '[')
                At++;
        do
            SkipSpace();
        while (s_betweenNameAndArguments.Any(Skip));

        if (name.Length == 0 || IsAtEnd)
        {
            IsShort |= IsAtEnd;
            At = start;
            return false;
        }

        JsonObject arguments;
        switch (text[At])
        {
            case '{':
                arguments = Json(static json => json.Value()) as JsonObject ?? [];
                break;
            case '(':
                arguments = PythonArguments(name);
                break;
            case '<' when CallTag.Read(text, At) is { Name: "arg_key" }:
                arguments = Arguments(new CallTag("", "tool_call", null, false, At));
                break;
            default:
                At = start;
                return false;
        }

        SkipSpace();
        if (isPrinted && !IsAtEnd && text[At] == ')')
            At++;
        Calls.Add(CallJson.Whole(name, arguments, text[start..At], names));
        return true;
    }

    private JsonObject PythonArguments(string name)
    {
        var reader = new PythonArguments(text, At);
        try
        {
            return reader.Read(names.Find(name) is { } tool ? names.ArgumentsOf(tool) : []);
        }
        finally
        {
            At = reader.At;
            IsOpen |= reader.IsOpen;
            IsShort |= reader.IsShort;
        }
    }

    private bool SkipFence()
    {
        while (!IsAtEnd && text[At] == '`')
            At++;
        while (!IsAtEnd && char.IsLetter(text[At]))
            At++;
        if (!IsAtEnd && text[At] == '_')
            while (!IsAtEnd && text[At] != '\n')
                At++;
        return true;
    }

    private void SkipSpace()
    {
        while (!IsAtEnd && char.IsWhiteSpace(text[At]))
            At++;
    }

    // Commas, and tokens that are the model's own, between calls.
    private void SkipBetween()
    {
        while (true)
        {
            SkipSpace();
            if (!IsAtEnd && text[At] is ',' or ';')
                At++;
            else if (CallTag.SpecialTokenAt(text, At) is var length and > 0)
                At += length;
            else if (Skip("[TOOL_CALLS]"))
                continue;
            else
                return;
        }
    }

    private bool Skip(string token)
    {
        if (string.CompareOrdinal(text, At, token, 0, token.Length) != 0)
            return false;

        At += token.Length;
        return true;
    }
}
