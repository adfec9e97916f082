using System.Text.Json;
using Skein.Core;

namespace Skein.Agent;

/// <summary>
/// Notices a model that turns in circles: a call that was made three times in a row, and had the same result each time, is asked about
/// before it is made again, whatever the rules allow. Not safe for use by several threads.
/// </summary>
internal sealed class RepeatGuard
{
    public const int Times = 3;

    private (string Tool, JsonElement Arguments, string Output)? _last;
    private int _times;

    /// <summary>Whether this call would be one more of the same.</summary>
    public bool IsRepeated(ToolCallPart call) => _times >= Times && _last is var (tool, arguments, _) && IsSame(call, tool, arguments);

    /// <summary>Takes note of calls that were answered, in their order.</summary>
    public void Note(IEnumerable<ToolCallPart> calls, IReadOnlyList<ToolResultPart> results)
    {
        foreach (var call in calls)
        {
            var output = results.FirstOrDefault(r => r.CallId == call.CallId)?.Output ?? "";
            var isSame = _last is var (tool, arguments, said) && said == output && IsSame(call, tool, arguments);
            _times = isSame ? _times + 1 : 1;
            _last = (call.Tool, call.Arguments, output);
        }
    }

    private static bool IsSame(ToolCallPart call, string tool, JsonElement arguments) =>
        call.Tool == tool && JsonElement.DeepEquals(call.Arguments, arguments);
}
