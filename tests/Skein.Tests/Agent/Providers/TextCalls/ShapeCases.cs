namespace Skein.Tests.Agent.Providers.TextCalls;

/// <param name="Calls">Each as its tool, a blank and its arguments; of what cannot be read <c>tool !</c>.</param>
/// <param name="Said">The text that people see.</param>
/// <param name="InNative">Whether it is recovered too where the model has a place for calls.</param>
internal sealed record ShapeCase(string Name, string Text, string[] Calls, string Said = "", string Thought = "", bool InNative = false);

/// <summary>How models are known to write calls into their text, and what only looks like it.</summary>
internal static class ShapeCases
{
    private const string Read = """read {"path":"a.txt"}""";
    private const string List = """list {"path":"src"}""";

    public static IReadOnlyList<ShapeCase> Calls { get; } =
    [
        // As it is taught, and near it.
        new("taught", "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>", [Read], InNative: true),
        new("text before", "I'll look.\n\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>\n", [Read], "I'll look.", InNative: true),
        new("within prose", "Let me see: <tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>", [Read], "Let me see: "),
        new("text after", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>\nThen I go on.", [Read], "Then I go on."),
        new("several blocks", "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"list\", \"arguments\": {\"path\": \"src\"}}\n</tool_call>", [Read, List], InNative: true),
        new("several in one block", "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n{\"name\": \"list\", \"arguments\": {\"path\": \"src\"}}\n</tool_call>", [Read, List], InNative: true),
        new("array in a block", "<tool_calls>[{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}, {\"name\": \"list\", \"arguments\": {\"path\": \"src\"}}]</tool_calls>", [Read, List], InNative: true),
        new("blocks in a block", "<tool_calls>\n<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>\n</tool_calls>", [Read], InNative: true),
        new("never closed", "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("closed by the next one", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n<tool_call>{\"name\": \"list\", \"arguments\": {\"path\": \"src\"}}</tool_call>", [Read, List], InNative: true),
        new("fence in a block", "<tool_call>\n```json\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n```\n</tool_call>", [Read], InNative: true),
        new("upper case", "<TOOL_CALL>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</TOOL_CALL>", [Read], InNative: true),
        new("Nemotron", "<TOOLCALL>[{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}]</TOOLCALL>", [Read], InNative: true),
        new("Glaive", "<functioncall> {\"name\": \"read\", \"arguments\": '{\"path\": \"a.txt\"}'} <|endoftext|>", [Read], InNative: true),
        new("function_call", "<function_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</function_call>", [Read], InNative: true),
        new("tools, as Qwen 2.5 Coder", "<tools>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tools>", [Read], InNative: true),
        new("name as an attribute", "<tool_call name=\"read\">{\"path\": \"a.txt\"}</tool_call>", [Read], InNative: true),
        new("end of turn behind it", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call><|im_end|>", [Read], InNative: true),

        // Elements.
        new("Qwen 3 Coder", "<tool_call>\n<function=read>\n<parameter=path>\na.txt\n</parameter>\n</function>\n</tool_call>", [Read], InNative: true),
        new("Qwen 3 Coder without the first tag", "<function=read>\n<parameter=path>\na.txt\n</parameter>\n</function>\n</tool_call>", [Read], InNative: true),
        new("a parameter that is not closed", "<tool_call>\n<function=write>\n<parameter=path>\na.txt\n<parameter=content>\nx\n</parameter>\n</function>\n</tool_call>", ["""write {"path":"a.txt","content":"x"}"""], InNative: true),
        new("a number in an element", "<function=read>\n<parameter=path>a.txt</parameter>\n<parameter=limit>10</parameter>\n</function>", ["""read {"path":"a.txt","limit":10}"""], InNative: true),
        new("Llama's function tag", "<function=read>{\"path\": \"a.txt\"}</function>", [Read], InNative: true),
        new("invoke", "<function_calls>\n<invoke name=\"read\">\n<parameter name=\"path\">a.txt</parameter>\n</invoke>\n</function_calls>", [Read], InNative: true),
        new("MiniMax", "<minimax:tool_call>\n<invoke name=\"read\">\n<parameter name=\"path\">a.txt</parameter>\n</invoke>\n</minimax:tool_call>", [Read], InNative: true),
        new("DeepSeek's own tags", "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"read\">\n<｜DSML｜parameter name=\"path\" string=\"true\">a.txt</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>", [Read], InNative: true),
        new("GLM", "<tool_call>read\n<arg_key>path</arg_key>\n<arg_value>a.txt</arg_value>\n</tool_call>", [Read], InNative: true),
        new("name and arguments as elements", "<tool_call>\n<name>read</name>\n<arguments>{\"path\": \"a.txt\"}</arguments>\n</tool_call>", [Read], InNative: true),
        new("parameters as elements", "<tool_use>\n<tool_name>read</tool_name>\n<parameters>\n<path>a.txt</path>\n</parameters>\n</tool_use>", [Read], InNative: true),
        new("the tool as the tag", "<read>\n<path>a.txt</path>\n</read>", [Read]),
        new("a tag in a file's content", "<tool_call>\n<function=write>\n<parameter=path>\na.md\n</parameter>\n<parameter=content>\nUse </tool_call> so.\n</parameter>\n</function>\n</tool_call>", ["""write {"path":"a.md","content":"Use \u003C/tool_call\u003E so."}"""], InNative: true),

        // Tokens of their own.
        new("Mistral", "[TOOL_CALLS] [{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}]", [Read], InNative: true),
        new("Mistral, the newer", "[TOOL_CALLS]read[ARGS]{\"path\": \"a.txt\"}", [Read], InNative: true),
        new("Mistral, with an id", "[TOOL_CALLS]read[CALL_ID]abc123[ARGS]{\"path\": \"a.txt\"}[TOOL_CALLS]list[ARGS]{\"path\": \"src\"}", [Read, List], InNative: true),
        new("LM Studio", "[TOOL_REQUEST]{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}[END_TOOL_REQUEST]", [Read], InNative: true),
        new("Llama's python tag with JSON", "<|python_tag|>{\"name\": \"read\", \"parameters\": {\"path\": \"a.txt\"}}<|eom_id|>", [Read], InNative: true),
        new("Llama's python tag, two", "<|python_tag|>{\"name\": \"read\", \"parameters\": {\"path\": \"a.txt\"}}; {\"name\": \"list\", \"parameters\": {\"path\": \"src\"}}", [Read, List], InNative: true),
        new("Llama's python tag with Python", "<|python_tag|>read(path=\"a.txt\")", [Read], InNative: true),
        new("Granite and Phi", "<|tool_call|>[{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}]", [Read], InNative: true),
        new("Phi, closed", "<|tool_call|>[{\"type\": \"function\", \"function\": {\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}}]<|/tool_call|>", [Read], InNative: true),
        new("Gemma 4", "<|tool_call>call:read{path:<|\"|>a.txt<|\"|>,limit:3}<tool_call|>", ["""read {"path":"a.txt","limit":3}"""], InNative: true),
        new("Function Gemma", "<start_function_call>call:read{path:<escape>a.txt<escape>}<end_function_call>", [Read], InNative: true),
        new("DeepSeek V3", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read\n```json\n{\"path\": \"a.txt\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", [Read], InNative: true),
        new("DeepSeek V3.1", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read<｜tool▁sep｜>{\"path\": \"a.txt\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>list<｜tool▁sep｜>{\"path\": \"src\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", [Read, List], InNative: true),
        new("Kimi", "<|tool_calls_section_begin|><|tool_call_begin|>functions.read:0<|tool_call_argument_begin|>{\"path\": \"a.txt\"}<|tool_call_end|><|tool_calls_section_end|>", [Read], InNative: true),
        new("InternLM", "<|action_start|><|plugin|>{\"name\": \"read\", \"parameters\": {\"path\": \"a.txt\"}}<|action_end|>", [Read], InNative: true),
        new("Command A", "<|START_ACTION|>[{\"tool_call_id\": \"0\", \"tool_name\": \"read\", \"parameters\": {\"path\": \"a.txt\"}}]<|END_ACTION|>", [Read], InNative: true),
        new("Harmony", "<|channel|>commentary to=functions.read <|constrain|>json<|message|>{\"path\": \"a.txt\"}<|call|>", [Read], InNative: true),
        new("Qwen Agent", "✿FUNCTION✿: read\n✿ARGS✿: {\"path\": \"a.txt\"}\n✿RESULT✿: made up", [Read], InNative: true),

        // JSON by itself.
        new("a fence of JSON", "I'll look.\n```json\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n```", [Read], "I'll look.", InNative: true),
        new("a fence without a language", "```\n{\"tool\": \"read\", \"args\": {\"path\": \"a.txt\"}}\n```", [Read], InNative: true),
        new("a fence of tool_call", "```tool_call\n{'name': 'read', 'arguments': {'path': 'a.txt'}}\n```", [Read], InNative: true),
        new("a fence of tildes", "~~~json\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n~~~", [Read], InNative: true),
        new("a fence that is not closed", "```json\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("a fence around the tag", "```xml\n<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>\n```", [Read], InNative: true),
        new("two fences", "```json\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n```\n```json\n{\"name\": \"list\", \"arguments\": {\"path\": \"src\"}}\n```", [Read, List], InNative: true),
        new("bare", "{\"name\": \"read\", \"parameters\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("bare, over lines", "{\n  \"name\": \"read\",\n  \"arguments\": {\n    \"path\": \"a.txt\"\n  }\n}\n", [Read], InNative: true),
        new("bare, two", "{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n{\"name\": \"list\", \"arguments\": {\"path\": \"src\"}}", [Read, List], InNative: true),
        new("bare array, as xLAM", "[{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}, {\"name\": \"list\", \"arguments\": {\"path\": \"src\"}}]", [Read, List], InNative: true),
        new("arguments first", "{\"arguments\": {\"path\": \"a.txt\"}, \"name\": \"read\"}", [Read], InNative: true),
        new("OpenAI's answer", "{\"tool_calls\": [{\"id\": \"call_1\", \"type\": \"function\", \"function\": {\"name\": \"read\", \"arguments\": \"{\\\"path\\\": \\\"a.txt\\\"}\"}}]}", [Read], InNative: true),
        new("Anthropic's block", "{\"type\": \"tool_use\", \"id\": \"x\", \"name\": \"read\", \"input\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("function as the name", "{\"function\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("action", "{\"action\": \"read\", \"action_input\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("action with text for input", "{\"action\": \"read\", \"action_input\": \"a.txt\"}", [Read], InNative: true),
        new("tool_name and tool_input", "{\"tool_name\": \"read\", \"tool_input\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("flat", "{\"tool\": \"read\", \"path\": \"a.txt\"}", [Read], InNative: true),
        new("the tool as the key", "{\"read\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("a space of names", "{\"name\": \"functions.read\", \"arguments\": {\"path\": \"a.txt\"}}", [Read], InNative: true),
        new("arguments as text", "<tool_call>{\"name\": \"read\", \"arguments\": \"{\\\"path\\\": \\\"a.txt\\\"}\"}</tool_call>", [Read], InNative: true),
        new("no arguments", "<tool_call>{\"name\": \"list\"}</tool_call>", ["list {}"], InNative: true),
        new("arguments null", "<tool_call>{\"name\": \"list\", \"arguments\": null}</tool_call>", ["list {}"], InNative: true),

        // JSON that is none.
        new("single quotes", "<tool_call>{'name': 'read', 'arguments': {'path': 'a.txt'}}</tool_call>", [Read], InNative: true),
        new("an apostrophe in single quotes", "<tool_call>{'name': 'bash', 'arguments': {'command': 'echo it's'}}</tool_call>", ["""bash {"command":"echo it\u0027s"}"""], InNative: true),
        new("typographic quotes", "<tool_call>{“name”: “read”, “arguments”: {“path”: “a.txt”}}</tool_call>", [Read], InNative: true),
        new("trailing commas", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\",},}</tool_call>", [Read], InNative: true),
        new("keys without quotes", "<tool_call>{name: \"read\", arguments: {path: \"a.txt\"}}</tool_call>", [Read], InNative: true),
        new("line breaks in a text", "<tool_call>{\"name\": \"write\", \"arguments\": {\"path\": \"a.txt\", \"content\": \"one\ntwo\"}}</tool_call>", ["""write {"path":"a.txt","content":"one\ntwo"}"""], InNative: true),
        new("quotes that nobody escaped", "<tool_call>{\"name\": \"bash\", \"arguments\": {\"command\": \"echo \"hi\" there\"}}</tool_call>", ["""bash {"command":"echo \u0022hi\u0022 there"}"""], InNative: true),
        new("a backslash that escapes nothing", "<tool_call>{\"name\": \"bash\", \"arguments\": {\"command\": \"grep '\\d' a\"}}</tool_call>", ["""bash {"command":"grep \u0027\\d\u0027 a"}"""], InNative: true),
        new("a brace that is missing", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}</tool_call>", [Read]),
        new("all braces missing", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"", [Read]),
        new("a brace too many", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}}</tool_call>", [Read], InNative: true),
        new("a brace missing in an array", "[{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}]", [Read]),
        new("Python's words", "<tool_call>{'name': 'bash', 'arguments': {'command': 'ls', 'background': True, 'why': None}}</tool_call>", ["""bash {"command":"ls","background":true,"why":null}"""], InNative: true),
        new("a comment", "<tool_call>{\"name\": \"read\", // the file\n \"arguments\": {\"path\": \"a.txt\"}}</tool_call>", [Read], InNative: true),
        new("a number as text", "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\", \"limit\": \"10\"}}</tool_call>", ["""read {"path":"a.txt","limit":10}"""], InNative: true),
        new("a fence in a file's content", "<tool_call>{\"name\": \"write\", \"arguments\": {\"path\": \"a.md\", \"content\": \"```sh\\nls\\n```\\n\"}}</tool_call>", ["""write {"path":"a.md","content":"\u0060\u0060\u0060sh\nls\n\u0060\u0060\u0060\n"}"""], InNative: true),
        new("a fence in a fence", "```json\n{\"name\": \"write\", \"arguments\": {\"path\": \"a.md\", \"content\": \"\n```sh\nls\n```\n\"}}\n```", ["""write {"path":"a.md","content":"\n\u0060\u0060\u0060sh\nls\n\u0060\u0060\u0060\n"}"""], InNative: true),
        new("the closing tag in a text", "<tool_call>{\"name\": \"write\", \"arguments\": {\"path\": \"a.md\", \"content\": \"</tool_call> ends it\"}}</tool_call>", ["""write {"path":"a.md","content":"\u003C/tool_call\u003E ends it"}"""], InNative: true),
        new("a call in a text", "<tool_call>{\"name\": \"write\", \"arguments\": {\"path\": \"a.md\", \"content\": \"<tool_call>{\\\"name\\\": \\\"list\\\"}</tool_call>\"}}</tool_call>", ["""write {"path":"a.md","content":"\u003Ctool_call\u003E{\u0022name\u0022: \u0022list\u0022}\u003C/tool_call\u003E"}"""], InNative: true),

        // Python and words.
        new("Llama's list", "[read(path=\"a.txt\"), list(path='src')]", [Read, List], InNative: true),
        new("Gemma's tool_code", "```tool_code\nprint(default_api.read(path=\"a.txt\"))\n```", [Read], InNative: true),
        new("Python in a fence", "```python\nread(path=\"a.txt\")\n```", [Read], InNative: true),
        new("without names", "read(\"a.txt\")", [Read]),
        new("an object in brackets", "read({\"path\": \"a.txt\"})", [Read]),
        new("three quotes", "write(path=\"a.txt\", content=\"\"\"say \"x\"\n\"\"\")", ["""write {"path":"a.txt","content":"say \u0022x\u0022\n"}"""]),
        new("name and object", "read {\"path\": \"a.txt\"}", [Read]),
        new("name over object", "functions.read\n{\"path\": \"a.txt\"}", [Read]),
        new("ReAct", "Thought: I must look.\nAction: read\nAction Input: {\"path\": \"a.txt\"}", [Read], "Thought: I must look."),
        new("ReAct with what it made up", "Action: read\nAction Input: {\"path\": \"a.txt\"}\nObservation: all is well\nFinal Answer: done", [Read]),
        new("ReAct with words", "Action: read\nAction Input: a.txt", [Read]),
        new("ReAct in bold", "**Action:** `read`\n**Action Input:** {\"path\": \"a.txt\"}", [Read]),
        new("Command R", "Action: ```json\n[{\"tool_name\": \"read\", \"parameters\": {\"path\": \"a.txt\"}}]\n```", [Read]),

        // Thoughts.
        new("thoughts before", "<think>\nI must look.\n</think>\n\n<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>", [Read], Thought: "\nI must look.\n", InNative: true),
        new("a call in the thoughts", "<think>\nI must look.\n<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>", [Read], Thought: "\nI must look.\n<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>", InNative: true),
        new("a call in closed thoughts", "<think>\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>\n</think>\n", [Read], Thought: "\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>\n", InNative: true),

        // What cannot be carried out is told.
        new("a tool that there is not", "<tool_call>{\"name\": \"fly\", \"arguments\": {}}</tool_call>", ["fly {}"]),
        new("cut in a text", "<tool_call>{\"name\": \"write\", \"arguments\": {\"path\": \"a.txt\", \"content\": \"abc", ["write !"]),
        new("no name", "<tool_call>{\"arguments\": {\"path\": \"a.txt\"}}</tool_call>", ["unreadable_call !"]),
        new("a list for arguments", "<tool_call>{\"name\": \"read\", \"arguments\": [\"a.txt\"]}</tool_call>", ["read !"]),
        new("no ':'", "<tool_call>{\"name\": \"read\", \"arguments\" {\"path\": \"a.txt\"}}</tool_call>", ["read !"]),
    ];

    /// <summary>Answers that talk about calls, or look like some.</summary>
    public static IReadOnlyList<(string Text, string Thought)> Words { get; } =
    [
        ("Write `<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}</tool_call>` to read a file.", ""),
        ("The model uses the <tool_call> tag for that.", ""),
        ("A call looks like <tool_call>{\"name\": \"read\", \"arguments\": {}}</tool_call> and is answered.", ""),
        ("So it looks:\n\n```json\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n```\n\nThe answer follows it.", ""),
        ("So it looks:\n\n```\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>\n```\n\nThe answer follows it.", ""),
        ("````md\n```json\n{\"name\": \"read\", \"arguments\": {}}\n```\n````\n", ""),
        ("{\"name\": \"skein\", \"version\": \"1.0\"}", ""),
        ("```json\n{\"name\": \"skein\", \"dependencies\": {\"read\": \"1\"}}\n```", ""),
        ("{\"a\": 1}", ""),
        ("[1, 2, 3]", ""),
        ("[a link](https://example.org) and [TOOLS] and [T", ""),
        ("read the file, then list what is there.", ""),
        ("list", ""),
        ("Action: we should read the file.\nThat is all.", ""),
        ("Action: read\nmore of the docs.", ""),
        ("a < b && c <tool> d", ""),
        ("`<think>` begins a thought and `</think>` ends it.", ""),
        ("```sh\n<think>\n```\n", ""),
        ("<div class=\"tool_call\">\n</div>\n", ""),
        ("if (x) {\n  read(path);\n}\n", ""),
        ("Use read(path=\"a.txt\") to read.", ""),
        ("  \n\nHello\n\n  there \n", ""),
        ("<", ""),
        ("```", ""),
        ("<function", ""),
        ("<think>Hm.</think>\n\nHello.", "Hm."),
        ("<thinking>\nHm.\n</thinking>Hello.", "\nHm.\n"),
        ("[THINK]Hm.[/THINK]Hello.", "Hm."),
        ("◁think▷Hm.◁/think▷Hello.", "Hm."),
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hello.", "Hm."),
        ("<think>Hm. I think of <tool_call>{\"name\": \"list\"}</tool_call>.</think>Hello.", "Hm. I think of <tool_call>{\"name\": \"list\"}</tool_call>."),
    ];
}
