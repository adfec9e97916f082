namespace Skein.Bench;

/// <summary>One figure.</summary>
/// <param name="Against">What it is compared with, in the same run where that can be.</param>
internal sealed record Row(string What, string Measured, string Against, string Goal);

internal static class Median
{
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
