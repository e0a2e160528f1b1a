// Written by scripts/generate/coefficients.js; a test keeps the two equal.

// 2^f, f in [-1/2, 1/2], relative error 2e-9
export const EXP2_F32_0: f64 = 1.0;
export const EXP2_F32_1: f64 = 0.6931472067028326;
export const EXP2_F32_2: f64 = 0.24022650922288757;
export const EXP2_F32_3: f64 = 0.05550327226670302;
export const EXP2_F32_4: f64 = 0.009618056678524637;
export const EXP2_F32_5: f64 = 0.0013400428177615838;
export const EXP2_F32_6: f64 = 0.0001546144469856913;

// 2^f, f in [-1/2, 1/2], relative error 4e-18
export const EXP2_F64_0: f64 = 1.0;
export const EXP2_F64_1: f64 = 0.6931471805599453;
export const EXP2_F64_2: f64 = 0.24022650695910158;
export const EXP2_F64_3: f64 = 0.055504108664821625;
export const EXP2_F64_4: f64 = 0.009618129107587256;
export const EXP2_F64_5: f64 = 0.001333355814640647;
export const EXP2_F64_6: f64 = 0.00015403530463724353;
export const EXP2_F64_7: f64 = 0.000015252733841556773;
export const EXP2_F64_8: f64 = 0.0000013215432535912375;
export const EXP2_F64_9: f64 = 1.0178057087733941e-7;
export const EXP2_F64_10: f64 = 7.074194297288521e-9;
export const EXP2_F64_11: f64 = 4.4558179083360645e-10;

// atanh(s) / s in z = s^2, z below 0.0295
export const LOG_F64_0: f64 = 1.0;
export const LOG_F64_1: f64 = 0.3333333333333333;
export const LOG_F64_2: f64 = 0.2000000000000375;
export const LOG_F64_3: f64 = 0.14285714284408765;
export const LOG_F64_4: f64 = 0.11111111338581137;
export const LOG_F64_5: f64 = 0.09090886859866332;
export const LOG_F64_6: f64 = 0.07693580858531021;
export const LOG_F64_7: f64 = 0.06624372679941282;
export const LOG_F64_8: f64 = 0.06631132146503059;

// sin(pi f / 2) / f in z = f^2, f in [-1/2, 1/2]
export const SIN_F64_0: f64 = 1.5707963267948966;
export const SIN_F64_1: f64 = -0.6459640975062463;
export const SIN_F64_2: f64 = 0.07969262624616692;
export const SIN_F64_3: f64 = -0.004681754135314827;
export const SIN_F64_4: f64 = 0.0001604411847266723;
export const SIN_F64_5: f64 = -0.000003598842717144858;
export const SIN_F64_6: f64 = 5.691927850489633e-8;
export const SIN_F64_7: f64 = -6.627624938992472e-10;

// cos(pi f / 2) in z = f^2, f in [-1/2, 1/2]
export const COS_F64_0: f64 = 1.0;
export const COS_F64_1: f64 = -1.2337005501361697;
export const COS_F64_2: f64 = 0.25366950790104803;
export const COS_F64_3: f64 = -0.020863480763352916;
export const COS_F64_4: f64 = 0.0009192602748385331;
export const COS_F64_5: f64 = -0.000025202042362733303;
export const COS_F64_6: f64 = 4.7108740775364384e-7;
export const COS_F64_7: f64 = -6.386325463386356e-9;
export const COS_F64_8: f64 = 6.506654235424698e-11;

// atan(s) / s in z = s^2, |s| below tan(pi / 8)
export const ATAN_F64_0: f64 = 1.0;
export const ATAN_F64_1: f64 = -0.3333333333333312;
export const ATAN_F64_2: f64 = 0.19999999999940837;
export const ATAN_F64_3: f64 = -0.14285714279244968;
export const ATAN_F64_4: f64 = 0.11111110744657099;
export const ATAN_F64_5: f64 = -0.09090896801472813;
export const ATAN_F64_6: f64 = 0.07692045194561481;
export const ATAN_F64_7: f64 = -0.06662950246036792;
export const ATAN_F64_8: f64 = 0.05846866752275139;
export const ATAN_F64_9: f64 = -0.05035049795312439;
export const ATAN_F64_10: f64 = 0.037963903161110826;
export const ATAN_F64_11: f64 = -0.017803896394812557;

export const LN2: f64 = 0.6931471805599453;
