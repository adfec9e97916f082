namespace Skein.Agent.Providers.TextCalls;

/// <summary>Marks that are left where a call or a thought was taken out, or with which a model ends: nobody is to see them.</summary>
internal static class LeftOver
{
    private static readonly string[] s_marks =
    [
        "</tool_call>", "</tool_calls>", "</function_calls>", "</function>", "</s>", "<|end|>", "<|start|>assistant", "<|channel|>final<|message|>",
        "<|eom_id|>", "<|eot_id|>", "<|im_end|>", "<|endoftext|>", "<end_of_turn>", "<｜end▁of▁sentence｜>",
    ];

    /// <returns>How long the mark is; 0: none stands there; -1: more of the text decides.</returns>
    public static int At(string text, int at, bool ended)
    {
        var rest = text.AsSpan(at);
        foreach (var mark in s_marks)
        {
            if (rest.StartsWith(mark, StringComparison.Ordinal))
                return mark.Length;
            if (!ended && mark.AsSpan().StartsWith(rest, StringComparison.Ordinal))
                return -1;
        }

        return 0;
    }
}
